"""What guards the records as a whole: backups, restores, key rotation, the audit trail's anchors.

Begin with `backups`; what a restore has to put right stands in `restores` and `after_restore`.
"""
