"""The event log: what happened to an account's things, written with the fact and never changed."""
