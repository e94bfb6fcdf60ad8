"""To the whole school and past it: how long videos wait, and what they cost, before they come.

A simulation of the pipeline by Lambda's documented rules, on durations that were measured. It
needs no AWS; `python -m scaling agree` compares its small end with a load test of the embedded AWS.
"""

# First, because it decides how many threads NumPy may have, which counts before NumPy is imported:
# a minute of class is measured with as many as the function has.
import function  # noqa: F401 - for what it sets
