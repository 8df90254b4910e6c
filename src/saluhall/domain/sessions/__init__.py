"""Sessions: people signed in. A session knows which tokens still count; the tokens themselves are never stored."""
