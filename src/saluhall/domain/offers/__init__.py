"""Offers: which products a seller wants on which connection, in which format, at what price, and how many units of each."""
