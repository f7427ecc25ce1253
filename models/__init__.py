"""What is remembered: tables, their states and their constraints."""
