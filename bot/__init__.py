"""What is known and decided; knows no web framework."""
