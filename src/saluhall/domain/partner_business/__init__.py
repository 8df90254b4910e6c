"""What partners do business by besides selling: deals, public profiles, subscriptions, number plates. No other module knows it."""
