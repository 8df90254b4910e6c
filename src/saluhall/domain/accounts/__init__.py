"""Accounts, their people and their keys: who may come in, and how often."""
