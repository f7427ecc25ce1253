"""Which news somebody wants, and whether one may be sent to them now.

Begin with `news` (`may_send`), the one rule that every sending asks; `bounces` says what a mail
that came back means for an address.
"""
