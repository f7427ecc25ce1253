"""The e-learning systems that accounts can be made in: one module a system, all of one shape."""
