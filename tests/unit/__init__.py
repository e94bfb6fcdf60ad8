"""Tests of one module at a time, without any service."""
