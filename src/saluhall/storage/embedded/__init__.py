"""The PostgreSQL that comes along: started under the data dir when no database URL is set. See decision 0024."""

from saluhall.storage.embedded.binaries import NEWEST_VERSION, binary
from saluhall.storage.embedded.handle import EmbeddedPostgres
from saluhall.storage.embedded.tuning import memory_bytes, shared_mb

__all__ = ["NEWEST_VERSION", "EmbeddedPostgres", "binary", "memory_bytes", "shared_mb"]
