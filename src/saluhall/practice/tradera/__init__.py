"""A marketplace to practise on: Tradera's REST v4 over HTTP, as README.md states."""
