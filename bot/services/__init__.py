"""What is known and decided, in rooms: each knows only the rooms below it (docs/architecture.md).

A service knows the rule and no channel: it says what happened, and a presenter says it to people.
"""
