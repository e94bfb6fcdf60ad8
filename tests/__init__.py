"""Tests."""

# First, so that they compute in as many threads as the function and the commands do.
import function  # noqa: F401 - for what it sets
