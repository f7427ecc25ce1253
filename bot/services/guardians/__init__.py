"""A guardian's yes for somebody under 20: the codes, the bond, and how it ends.

Begin with `guardians`; the order of the locks stands in `ends`.
"""
