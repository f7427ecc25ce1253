"""The owner's courses and how far somebody is in them. Begin with `courses`."""
