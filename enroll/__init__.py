"""Enrolment: portraits and a student list into the gallery and the students table."""

# First, because it decides how many threads NumPy may have, which counts before NumPy is imported.
import function  # noqa: F401 - for what it sets
