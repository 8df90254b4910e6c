"""Orders: what marketplaces sold for an account, and how far each order has come."""
