"""Facts on disk: PostgreSQL behind Database and Transaction, pictures behind ImageStore."""

from saluhall.storage.database import Conflict, Database, Transaction

__all__ = ["Conflict", "Database", "Transaction"]
