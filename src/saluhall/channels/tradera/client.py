"""Tradera's REST v4 over HTTP: one budgeted call each, and what a response means is decided here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec.json import Decoder

from saluhall.channel import (
    Disconnected,
    Login,
    Purpose,
    Rejected,
    Toolbox,
    Unavailable,
    UnreadableEntry,
)
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.wire import (
    AddItemImageRequest,
    ErrorBody,
    Item,
    ItemRequest,
    QueuedRequestResponse,
    RequestResult,
    Sale,
    SellerOrder,
    Time,
    TransactionStatusUpdateData,
    UpdatedItemInfo,
    UpdateItemPriceRequest,
    UpdateItemPriceResult,
)
from saluhall.kit.clock import iso_from_instant
from saluhall.kit.entries import Entries, ListReader, NotAList
from saluhall.kit.http import NoResponse, NotAllowed, Response, TooLarge
from saluhall.kit.outages import note_call
from saluhall.kit.texts import whole_characters

T = TypeVar("T")
U = TypeVar("U")

EXPIRED = "Tradera token has expired. Partner must reconnect their Tradera account."
WRONG_KEYS = (
    "Tradera refused the application: SALUHALL_TRADERA_APP_ID or SALUHALL_TRADERA_APP_KEY is wrong."
)
NO_KEYS = (
    "SALUHALL_TRADERA_APP_ID and SALUHALL_TRADERA_APP_KEY are not set: Tradera refused the call."
)
MAX_RESPONSE_BYTES = 64 * 1024 * 1024  # a seller's whole list has no pages
MAX_REASON = 300
MAX_WAIT_DIGITS = 6
ACTIVE_AND_ENDED = 0
BY_LAST_UPDATE = 1
NEW_AND_UPDATED = 4

QUEUED = Decoder(QueuedRequestResponse, strict=False)
RESULTS = ListReader(RequestResult)
ITEM = Decoder(Item, strict=False)
ITEMS = ListReader(Item)
UPDATED = ListReader(UpdatedItemInfo)
PRICED = Decoder(UpdateItemPriceResult, strict=False)
YES_OR_NO = Decoder(bool, strict=False)
ORDERS = ListReader(SellerOrder)
SALES = ListReader(Sale)
TIME: Decoder[str | Time] = Decoder(str | Time)
ERROR = Decoder(ErrorBody)


class NotThere(Exception):
    """Tradera does not know it, or it belongs to somebody else."""


class Client:
    """One seller's calls to Tradera. Raises Unavailable, Disconnected, Rejected, NotThere."""

    def __init__(self, *, settings: Settings, login: Login, toolbox: Toolbox) -> None:
        self._settings = settings
        self._login = login
        self._toolbox = toolbox
        self.clock = toolbox.clock
        self.item_page = settings.item_page

    async def create_item(self, request: ItemRequest, *, needs: int) -> QueuedRequestResponse:
        """Ask for a new item, if `needs` calls can be made; it stays invisible until it is committed."""
        body = await self._call("POST", "/v4/listings/items", Purpose.PUBLISH, request, needs=needs)
        return _read(QUEUED, body, changes=True)

    async def add_image(self, request_id: int, image: AddItemImageRequest) -> None:
        """Add the next image to a request."""
        await self._call("POST", f"/v4/listings/items/{request_id}/images", Purpose.PUBLISH, image)

    async def commit(self, request_id: int) -> None:
        """Commit a request: it is published soon."""
        await self._call("POST", f"/v4/listings/items/{request_id}/commit", Purpose.PUBLISH)

    async def request_results(self, request_ids: Sequence[int]) -> dict[int, RequestResult]:
        """Read what became of requests; those without a result are left out."""
        query = urlencode({"requestIds": request_ids}, doseq=True)
        path = f"/v4/listings/request-results?{query}"
        body = await self._call("GET", path, Purpose.CHECK)
        results = await self._entries(
            RESULTS, body, _as_it_is, kind="submission", id_name="requestId"
        )
        return {result.requestId: result for result in results.good}

    async def item(self, external_id: str, purpose: Purpose) -> Item:
        """Read one item of the seller."""
        return _read(ITEM, await self._call("GET", f"/v4/listings/items/{external_id}", purpose))

    async def items(
        self, external_ids: Sequence[str], purpose: Purpose, convert: Callable[[Item], U]
    ) -> list[U]:
        """Read items one by one; those that Tradera does not know are left out, those that cannot be read are reported."""
        found: list[U] = []
        for external_id in external_ids:
            try:
                body = await self._call("GET", f"/v4/listings/items/{external_id}", purpose)
            except NotThere:
                continue
            if not body.lstrip().startswith(b"{"):
                raise Unavailable(f"Tradera's answer about item {external_id} cannot be read")
            entries = await self._entries(ITEMS, b"[" + body + b"]", convert, kind="listing")
            found += entries.good
        return found

    async def seller_items(
        self,
        purpose: Purpose,
        convert: Callable[[Item], U],
        *,
        ending_after: datetime,
        needs: int = 1,
    ) -> Entries[U]:
        """Read the seller's items, ended ones too, that end after an instant; if `needs` calls can be made."""
        query = urlencode(
            {"filterActive": ACTIVE_AND_ENDED, "minEndDate": iso_from_instant(ending_after)}
        )
        path = f"/v4/listings/seller-items?{query}"
        body = await self._call("GET", path, purpose, needs=needs)
        return await self._entries(ITEMS, body, convert, kind="listing")

    async def updated_items(self, row_version: int) -> list[UpdatedItemInfo]:
        """Read which items changed after a row version; one whose version cannot be read has changed all the same."""
        path = f"/v4/listings/updated-seller-items?rowVersion={row_version}"
        body = await self._call("GET", path, Purpose.POLL)
        updated = await self._entries(UPDATED, body, _as_it_is, kind="change")
        ids = [i for misfit in updated.field_errors_of if (i := misfit.number("id")) is not None]
        return [*updated.good, *(UpdatedItemInfo(id=i, rowVersion=row_version) for i in ids)]

    async def change_price(self, external_id: str, kronor: int) -> UpdateItemPriceResult:
        """Set a new start price."""
        path = f"/v4/listings/items/{external_id}/price"
        wanted = UpdateItemPriceRequest(openingPrice=kronor)
        return _read(PRICED, await self._call("PUT", path, Purpose.PRICE, wanted), changes=True)

    async def end_item(self, external_id: str) -> bool:
        """End an item; False when Tradera does not."""
        body = await self._call("DELETE", f"/v4/listings/items/{external_id}", Purpose.END)
        return _read(YES_OR_NO, body, changes=True) if body.strip() else True

    async def time(self) -> str:
        """Read what time it is at Tradera."""
        time = _read(TIME, await self._call("GET", "/v4/reference-data/time", Purpose.POLL))
        return time.time if isinstance(time, Time) else time

    async def orders(
        self, start: datetime, end: datetime, convert: Callable[[SellerOrder], U]
    ) -> Sequence[U]:
        """Read the orders that changed within a span of time."""
        span = {"fromDate": iso_from_instant(start), "toDate": iso_from_instant(end)}
        query = urlencode({**span, "queryDateMode": BY_LAST_UPDATE})
        body = await self._call("GET", f"/v4/orders?{query}", Purpose.POLL)
        return (await self._entries(ORDERS, body, convert, kind="order", id_name="orderId")).good

    async def order(self, remote_id: str) -> SellerOrder | None:
        """Read one order; None when it is not the seller's."""
        body = await self._call("GET", f"/v4/orders/{remote_id}", Purpose.SHIP)
        found = await self._entries(ORDERS, body, _as_it_is, kind="order", id_name="orderId")
        order = next((each for each in found.good if str(each.orderId) == remote_id), None)
        if order is None and found.field_errors_of:
            raise Unavailable(f"Tradera's order {remote_id} cannot be read")
        return order

    async def ship(self, remote_id: str) -> None:
        """Mark an order as shipped."""
        await self._call("POST", f"/v4/orders/{remote_id}/ship", Purpose.SHIP)

    async def sales(self, start: datetime, end: datetime) -> Sequence[Sale]:
        """Read the transactions that were made or changed within a span of time."""
        span = {
            "minTransactionDate": iso_from_instant(start),
            "maxTransactionDate": iso_from_instant(end),
        }
        query = urlencode({**span, "filter": NEW_AND_UPDATED})
        path = f"/v4/listings/seller-transactions?{query}"
        body = await self._call("GET", path, Purpose.SHIP)
        return (await self._entries(SALES, body, _as_it_is, kind="transaction")).good

    async def confirm_paid(self, transaction_id: int) -> None:
        """Mark a transaction as paid."""
        mark = TransactionStatusUpdateData(transactionId=transaction_id, markAsPaidConfirmed=True)
        await self._call("PUT", "/v4/listings/transaction-status", Purpose.SHIP, mark)

    async def _entries(
        self,
        reader: ListReader[T],
        body: bytes,
        convert: Callable[[T], U],
        *,
        kind: str,
        id_name: str = "id",
    ) -> Entries[U]:
        """Read a list; entries that cannot be read are reported, and their neighbours count. Raises Unavailable."""
        try:
            entries = reader.read(body, convert)
        except NotAList as error:
            raise Unavailable(f"Tradera's answer cannot be read: {error}") from error
        odd = [
            UnreadableEntry(
                kind=kind,
                remote_id="" if (number := misfit.number(id_name)) is None else str(number),
                raw=misfit.raw,
                reason=misfit.reason,
            )
            for misfit in entries.field_errors_of
        ]
        if odd:
            await self._toolbox.report(odd)
        return entries

    async def _call(
        self,
        method: str,
        path: str,
        purpose: Purpose,
        body: msgspec.Struct | None = None,
        *,
        needs: int = 1,
    ) -> bytes:
        if self._login.expires_at is not None and self._login.expires_at <= self.clock():
            raise Disconnected(EXPIRED)
        await self._toolbox.budget.spend(purpose, needs=needs)
        changes = method != "GET"
        answer = await self._send(method, path, body, changes=changes)
        kind = _kind(answer.status)
        note_call("tradera", kind, error=f"HTTP {answer.status}")
        if kind != "ok":
            await self._raise(answer, changes=changes)
        return answer.body

    async def _send(
        self, method: str, path: str, body: msgspec.Struct | None, *, changes: bool
    ) -> Response:
        try:
            return await self._toolbox.http.call(
                method,
                self._settings.url + path,
                body=None if body is None else msgspec.json.encode(body),
                headers=self._headers(has_body=body is not None),
                timeout_s=self._settings.timeout_s,
                max_bytes=MAX_RESPONSE_BYTES,
            )
        except NoResponse as error:
            note_call("tradera", "no_answer", error=str(error))
            reason = f"Tradera did not answer: {error}"
            raise Unavailable(reason, unclear=changes and error.sent) from error
        except TooLarge as error:
            note_call("tradera", "too_large", error=str(error))
            raise Unavailable(f"Tradera answered too much: {error}", unclear=changes) from error
        except NotAllowed as error:
            note_call("tradera", "not_allowed", error=str(error))
            raise Unavailable(f"SALUHALL_TRADERA_URL cannot be called: {error}") from error

    def _headers(self, *, has_body: bool) -> Mapping[str, str]:
        headers = {
            "X-App-Id": str(self._settings.app_id),
            "X-App-Key": self._settings.app_key,
            "X-User-Id": self._login.user_id,
            "X-User-Token": self._login.token,
            "Accept": "application/json",
        }
        return headers | {"Content-Type": "application/json"} if has_body else headers

    async def _raise(self, answer: Response, *, changes: bool) -> None:
        """Raise the error that a status other than success means."""
        reason = self._reason(answer)
        match _kind(answer.status):
            case "wrong_keys":
                raise Disconnected(WRONG_KEYS if self._settings.has_keys else NO_KEYS)
            case "denied":
                raise Disconnected(EXPIRED)
            case "not_there":
                raise NotThere(reason)
            case "limited":
                retry_in = _retry_after(answer)
                await self._toolbox.budget.blocked(retry_in)
                raise Unavailable("Tradera's call limit is reached", retry_in=retry_in)
            case "refused":
                raise Rejected(f"Tradera refused: {reason}")
            case _:
                raise Unavailable(f"Tradera is in trouble: {reason}", unclear=changes)

    def _reason(self, answer: Response) -> str:
        """Return the server's sentence, with secrets that it quotes cut out."""
        try:
            error = ERROR.decode(answer.body).error
            text = error.message or error.code or ""
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = ""
        for secret in (self._login.token, self._settings.app_key):
            text = text.replace(secret, "***") if secret else text
        return text[: whole_characters(text, MAX_REASON)] or f"HTTP {answer.status}"


KINDS: Mapping[int, str] = {
    401: "wrong_keys",
    403: "denied",
    404: "not_there",
    408: "failed",
    429: "limited",
}


def _kind(status: int) -> str:
    if 200 <= status < 300:  # noqa: PLR2004 - the classes of HTTP statuses
        return "ok"
    client_error = 400 <= status < 500  # noqa: PLR2004
    return KINDS.get(status, "refused" if client_error else "failed")


def _retry_after(answer: Response) -> timedelta | None:
    text = answer.headers.get("retry-after", "")
    is_seconds = text.isascii() and text.isdigit() and len(text) <= MAX_WAIT_DIGITS
    return timedelta(seconds=int(text)) if is_seconds else None


def _as_it_is(value: T) -> T:
    return value


def _read(decoder: Decoder[T], body: bytes, *, changes: bool = False) -> T:
    """Read an answer; one that cannot be read is a marketplace in trouble. Raises Unavailable."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Tradera's answer cannot be read: {error}", unclear=changes) from error
