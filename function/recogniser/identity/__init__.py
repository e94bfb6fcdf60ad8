"""Whose faces they are, and who was there: the gallery, tracks and the evidence."""
