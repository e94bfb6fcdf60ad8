"""Enrolment: portraits and a student list into the gallery and the students table."""
