"""Where a change comes from: the event log says it of each event."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Origin(Struct, frozen=True, kw_only=True):
    """Who acts in a transaction, by which way, and for which request.

    `actor` is `user:ID`, `key:ID`, `operator:NAME` (a login on the machine of the hub), `job:NAME`, `channel:NAME` or `hub`.
    `source` is the name of a dialect or a channel, `cli`, `dashboard`, `job` or `hub`. `request_ids` are those of several requests
    in one transaction, by SKU.
    """

    actor: str
    source: str
    request_id: str | None = None
    request_ids: Mapping[str, str] = {}

    def request_of(self, sku: str) -> str | None:
        """Return the id of the request that changes a product."""
        return self.request_ids.get(sku, self.request_id)


HUB: Final = Origin(actor="hub", source="hub")
