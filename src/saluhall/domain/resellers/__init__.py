"""Resellers and their members: who may act for whom."""
