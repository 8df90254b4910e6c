"""Listings: what shall stand on a marketplace beside what stands there."""
