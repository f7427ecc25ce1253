"""Who gets an announcement and why somebody does not, as set arithmetic in SQL.

Begin with `filters` and `eligibility`; `recipient_snapshot` freezes the list.
"""
