"""The partner APIs we speak: one folder each, found by entry point."""
