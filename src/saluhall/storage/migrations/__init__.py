"""The schema: numbered SQL files, applied once each, in order."""
