"""The webhook's events: stored, taken up one person at a time, answered once.

Begin with `inbox`. What an event means is decided by the dispatcher and the flows above.
"""
