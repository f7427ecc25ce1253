"""Counts for the dashboard, in which nobody can be recognised. Begin with `dashboard`."""
