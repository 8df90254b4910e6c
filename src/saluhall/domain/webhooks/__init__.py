"""Webhooks: where an account wants to hear of its events, and what became of telling."""
