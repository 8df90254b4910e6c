"""saluhall history."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from cyclopts import Parameter
from msgspec import Raw

from saluhall.bootstrap import now
from saluhall.cli.failures import WrongUsage
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings
from saluhall.cli.tables import json_from, show_rows
from saluhall.domain.accounts.model import Principal
from saluhall.domain.events import queries
from saluhall.domain.events.model import Change, Event, text_from_event_id
from saluhall.domain.products import changes, operations
from saluhall.storage import Transaction

_AT_ONCE: Final = 100
_COLUMNS: Final = {
    "at": "at",
    "type": "event",
    "sku": "SKU",
    "actor": "by",
    "source": "through",
    "changed": "changed",
    "data": "more",
}


def history(
    *,
    account: Account,
    sku: Annotated[str | None, Parameter(help="Only events of this SKU.")] = None,
    catalog: Annotated[
        int | None, Parameter(help="Only those of the product in the catalog of this number.")
    ] = None,
    limit: Annotated[int, Parameter(help="How many events at most, the newest.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who changed what and when, of a product or an account.

    The newest event comes first.
    """
    if catalog is not None and sku is None:
        raise WrongUsage("--catalog needs --sku: it says which product of the SKU is meant")
    if limit < 1:
        raise WrongUsage("--limit takes a number from 1")

    async def do(tx: Transaction, principal: Principal) -> list[Event]:
        while await changes.record_due(tx, principal.account_id, limit=_AT_ONCE, now=now()):
            pass
        if sku is None:
            return await queries.list_events(tx, principal=principal, limit=limit)
        product_id = None
        if catalog is not None:
            product = await operations.lock_numbered(
                tx, principal=principal, catalog=catalog, sku=sku, now=now()
            )
            product_id = product.id
        return await queries.list_events_of_sku(
            tx, principal=principal, sku=sku, product_id=product_id, limit=limit
        )

    found = for_account(read_settings(data_dir), account, do)
    rows = [_row(event) for event in found]
    printed = [
        {**row, "changed": _changed(row["changes"]), "data": _shown(row["data"])} for row in rows
    ]
    show_rows("events", rows if as_json else printed, _COLUMNS, as_json=as_json)


def _row(event: Event) -> dict[str, Any]:
    return {
        "event_id": text_from_event_id(event.id),
        "type": event.type,
        "at": event.at,
        "sku": event.sku,
        "actor": event.actor,
        "source": event.source,
        "request_id": event.request_id,
        "changes": {} if isinstance(event.changes, Raw) else event.changes,
        "data": event.data,
    }


def _shown(data: Mapping[str, Any]) -> dict[str, str]:
    """Write what a type adds: text as it is, the rest as JSON."""
    return {k: value if isinstance(value, str) else json_from(value) for k, value in data.items()}


def _changed(found: Mapping[str, Change]) -> list[str]:
    return [text for name, change in found.items() for text in _parts(name, change)]


def _parts(name: str, change: Change) -> Iterator[str]:
    """Write a change; of a value with parts, those that changed."""
    old, new = change.before, change.after
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for part in (*old, *(n for n in new if n not in old)):
            if old.get(part) != new.get(part):
                yield from _parts(f"{name}.{part}", Change(old.get(part), new.get(part)))
    else:
        yield f"{name}: {_text(old)} -> {_text(new)}"


def _text(value: object) -> str:
    return "-" if value is None else str(value)
