"""The whole pipeline, and the embedded AWS itself, on the real embedded AWS."""
