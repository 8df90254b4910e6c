"""Storage: PostgreSQL behind Database and Transaction, images behind ImageStore."""

from saluhall.storage.database import Conflict, Database, Transaction

__all__ = ["Conflict", "Database", "Transaction"]
