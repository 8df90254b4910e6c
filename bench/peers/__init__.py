"""The same work against the peers that a user would pick instead, each installed from the registries and run on loopback."""
