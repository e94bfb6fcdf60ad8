"""Finding faces in a frame, and describing them as numbers that can be compared."""
