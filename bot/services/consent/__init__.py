"""The consent ledger: who agreed to which words, in whose voice, until when.

Begin with `consents`. Nothing in the ledger is ever changed; what follows from a yes or no is the
business of the rooms above.
"""
