"""Catalogs: named sets of an account's products. Every account has the system catalog RHEO."""
