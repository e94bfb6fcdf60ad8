"""Samples to try and to measure with: pictures of faces, and a class and its videos made of them.

Whatever shows, tests or measures stands on them, and they on nothing of ours: who makes a video
for the benchmark does not start an AWS for it.
"""
