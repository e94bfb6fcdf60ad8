"""The whole of it on one machine: an embedded AWS, and a demo on it."""
