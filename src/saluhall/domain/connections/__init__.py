"""Connections: an account's logins at channels, and the budget of calls they share."""
