"""Uploads among faults of every kind, and an exact account of what has become of each."""
