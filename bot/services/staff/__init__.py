"""The school's staff: who they are, how they sign in, and what each role may do.

Begin with `staff` and `permissions`. What they do with it lives in the room of the thing.
"""
