"""Catalogs: the shelves that hold an account's products. Every account has the system catalog RHEO."""
