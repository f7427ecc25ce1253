"""The rights of people and the proofs of the school: requests, export, erasure, retention, records.

Begin with `data_map`, which knows every table with personal data, then `rights` and `erasure`.
"""
