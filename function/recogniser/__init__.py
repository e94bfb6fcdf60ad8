"""The recogniser: a video and a gallery, into who was seen in the video.

The front is :mod:`function.recogniser.recognition`. Behind it are three rooms: `video` reads the
file and takes samples of it, `faces` finds faces in a frame and describes them as numbers, and
`identity` says whose they are and who was there. What may be set is in `options`; `ahead` lets
each part run in a thread, and `spans` divides a long video. It knows of what can be read like a
file, not of AWS and not of the handler around it.

This file imports nothing, and those of the rooms don't either: who needs one module of it, such as
a command that edits a gallery, should not wait for the others.
"""
