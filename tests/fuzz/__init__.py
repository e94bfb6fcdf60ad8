"""Damaged videos by the thousand: files of every container, mutated, read in a watched process."""
