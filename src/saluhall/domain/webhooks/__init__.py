"""Webhooks: the endpoints of an account, and the deliveries of its events."""
