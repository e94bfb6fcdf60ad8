"""The gate of the embedded AWS: it lets in who signs with a key of this run, and nobody else.

Loopback is no authentication. Every user of the machine can reach a port there, and so can every
page in a browser. The emulator behind the gate checks no signature of its administrator's, answers
any origin, and has a management interface for all. So it has no port of its own: it is an ASGI
application in the gate's process, and what the gate refuses never reaches it.
"""
