"""What a seller has and may do."""
