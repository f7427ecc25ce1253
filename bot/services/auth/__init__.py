"""How somebody proves who they are: passwords, one-time links and codes, sessions, resets.

Begin with `sign_in` or `tokens`. Which account there is, and whether it is open, lives in accounts.
"""
