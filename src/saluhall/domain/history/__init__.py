"""The event log: what happened to an account's things, written with the fact; endpoints that ask for an event get it."""
