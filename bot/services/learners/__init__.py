"""Learners as the school knows them: moved, merged, invited, imported, exported, closed.

Begin with `search` and `view` for what staff see, with `relinking` for what a learner does.
"""
