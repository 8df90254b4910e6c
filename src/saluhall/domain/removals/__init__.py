"""Removing an account with everything that belongs to it."""
