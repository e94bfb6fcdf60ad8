"""The parts of the command `python -m function`, which recognises on files, without AWS.

The image has none of them, nor what they import: only `function/__main__.py` may stand on them.
"""
