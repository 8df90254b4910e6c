"""Write an extraction while it is read: JSON in the documented frame, or CSV."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from saluhall.dialect import Stream
from saluhall.dialects.sellrapido.order_filters import Extraction
from saluhall.dialects.sellrapido.order_layout import LAYOUT
from saluhall.dialects.sellrapido.wire_orders import ROW_PREFIX
from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import queries
from saluhall.storage import Transaction


def stream_of(extraction: Extraction, *, principal: Principal) -> Stream:
    """Answer an extraction."""

    async def json_blocks(tx: Transaction) -> AsyncGenerator[bytes, None]:
        await tx.freeze()  # the count and the orders are of one moment
        wanted = await queries.by_clock_of_account(
            tx, principal=principal, wanted=extraction.wanted
        )
        total = await queries.count_orders(tx, principal=principal, wanted=wanted)
        orders = queries.list_as_json(tx, principal=principal, wanted=wanted, layout=LAYOUT)
        async with aclosing(orders) as blocks:
            begun = b'{"orders":['
            async for block in blocks:
                yield begun + block[1:] if begun else block
                begun = b""
        page = (total, wanted.offset, extraction.limit)
        yield begun + b'],"totalCount":%d,"offset":%d,"limit":%d}' % page

    async def csv_blocks(tx: Transaction) -> AsyncGenerator[bytes, None]:
        await tx.freeze()
        separator = extraction.separator
        wanted = await queries.by_clock_of_account(
            tx, principal=principal, wanted=extraction.wanted
        )
        if extraction.heading:
            yield heading(separator).encode()
        lines = queries.list_as_csv(
            tx, principal=principal, wanted=wanted, layout=LAYOUT, separator=separator
        )
        async with aclosing(lines) as blocks:
            async for block in blocks:
                yield block

    if extraction.is_csv:
        return Stream(media_type="application/csv;charset=UTF-8", blocks=csv_blocks)
    return Stream(media_type="application/json;charset=UTF-8", blocks=json_blocks)


def heading(separator: str) -> str:
    """Write the line of column names, quoted as values are."""
    names = [column.key for column in LAYOUT.head]
    names += [ROW_PREFIX + column.key for column in LAYOUT.line]
    cells = (f'"{name}"' if separator[0] in name else name for name in names)
    return separator.join(cells) + "\n"
