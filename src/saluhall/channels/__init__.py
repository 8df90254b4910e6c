"""The marketplaces the hub can sell on; each folder is one channel, found by its entry point."""
