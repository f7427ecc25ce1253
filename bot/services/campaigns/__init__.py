"""Announcements to many: five rooms, from what is said to what came of it.

`content` (what is said), `audience` (to whom), `sending` (batches on their way), `workflow` (who
decides, when it goes, in which stages), `reporting` (what came of it). Each knows those before it.
"""
