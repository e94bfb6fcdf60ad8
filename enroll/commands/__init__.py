"""The commands of enrolment, a module for each, and what they share."""
