"""What runs in Lambda, and on files with `python -m function`: a video becomes attendance.

Nothing here knows of Pulumi or of the other packages, and this file imports nothing: the
program that deploys the function reads only :mod:`function.results`, without the recognition.
"""
