"""The only importer of LINE's SDK: events in, messages and calls out, in plain values."""
