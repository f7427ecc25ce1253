"""Small parts that several rooms use and none of them owns.

Ranges of keys, files that the owner edits, throttles, quiet hours, codes that are copied by hand.
Nothing here knows a learner, a member of staff or a campaign.
"""
