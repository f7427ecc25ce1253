"""The simulated LINE, held against what LINE publishes."""
