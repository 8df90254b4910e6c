"""Images: fetched from the seller's URLs, and hosted by the hub."""
