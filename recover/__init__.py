"""Videos without their result, or with one that is out of date: found, and sent again.

This is for whoever operates a stack. Nothing here looks at a video: the function is sent what S3
sent it when the video was uploaded, and decides itself what is to be done.
"""
