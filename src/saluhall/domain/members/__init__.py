"""Accounts that act for others, their members: each member under the name that the acting account gave it."""
