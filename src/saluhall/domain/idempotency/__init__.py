"""Requests that their callers named: the same one again does nothing and gets the same answer."""
