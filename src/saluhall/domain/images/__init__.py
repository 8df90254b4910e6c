"""Pictures: fetched from where the seller has them, hosted by us."""
