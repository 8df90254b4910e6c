"""Listings: what is, or was, on a channel for an offer."""
