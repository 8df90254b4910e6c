"""Run figures."""
