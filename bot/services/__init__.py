"""The rules: modules of functions, session first, now last; no channel is known here."""
