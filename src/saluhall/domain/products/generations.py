"""Parents and children in one call: in which order they are put."""

from collections.abc import Iterator, Mapping

from saluhall.domain.products.model import PutProduct


def generations(products: Mapping[str, PutProduct]) -> Iterator[list[PutProduct]]:
    """Divide products (by sku) so that a parent comes before its children; what stands in a circle comes last, together."""
    waiting = dict(products)
    while waiting:
        ready = {sku: p for sku, p in waiting.items() if p.parent_sku not in waiting} or waiting
        yield list(ready.values())
        waiting = {sku: p for sku, p in waiting.items() if sku not in ready}
