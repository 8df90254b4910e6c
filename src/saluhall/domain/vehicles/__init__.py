"""Vehicles by their number plates, as a provider knows them: the same to every account, kept for a day."""
