"""The audit trail: what is written about an act, how it is chained, signed and checked.

Begin with `audit` (how an act is recorded) and `actions` (which acts there are). Searching it is
for staff and lives there.
"""
