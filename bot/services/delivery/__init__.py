"""Everything that leaves the house as a row first: pushes on LINE, mails, their rates and claims.

Begin with `outbox` (LINE) or `mails`. What may go out at all is asked at the gate (`gate`), which
the rooms above implement: this room knows neither news nor campaigns.
"""
