"""The teachers' page: who signs in, puts videos of a course in and sees what came of them.

It runs in a Lambda function of its own, behind an HTTP API, from the image of the recogniser. Of
the recogniser it knows what is written for a video (:mod:`function.results`), and nothing of how.
"""
