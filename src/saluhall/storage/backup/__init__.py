"""Backups: a dump of the database, the images and the secret key in one folder, with a manifest and checksums."""
