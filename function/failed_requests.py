"""Requests to AWS that failed, said without what the SDK or AWS says: it may name somebody."""

from __future__ import annotations


class RequestFailedError(Exception):
    """AWS refused a request or did not answer it; the message names operation and code."""


def unanswered(operation: str, error: Exception) -> RequestFailedError:
    """Return what is to be said of a request that had no answer."""
    return RequestFailedError(f"{operation}: {type(error).__name__}")
