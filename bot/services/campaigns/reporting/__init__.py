"""What staff see of announcements: the list, the progress, the results, the files.

Begin with `listing`. Nothing here changes a campaign.
"""
