"""Who somebody is: the conversation behind a pseudonym, and the details that people give.

Begin with `people`. What may be done with a detail is decided elsewhere (accounts, learners).
"""
