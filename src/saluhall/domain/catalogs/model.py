"""What can be wrong with a catalog."""

RHEO = "RHEO"  # the system catalog that Rheo items stand in


class CatalogTaken(Exception):
    """The account has a catalog with this code already."""


class CatalogNotFound(Exception):
    """The account has no catalog with this number; the message is the number."""
