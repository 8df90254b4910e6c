"""What a person should look at: entries of marketplaces' answers that could not be taken."""
