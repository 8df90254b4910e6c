"""Catalogs: named sets of an account's products."""
