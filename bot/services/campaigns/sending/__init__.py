"""Batches of an announcement: claimed, made up, sent or handed to the mails, settled.

Begin with `batches`; `quota` says how many messages the month has left, `circuit_breaker` when a
sending stops itself.
"""
