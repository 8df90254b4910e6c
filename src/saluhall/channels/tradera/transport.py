"""Tradera's REST v4 over HTTP: one budgeted channel call each; what a response means is decided here."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

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
from saluhall.channels.tradera.wire import ErrorBody
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
NO_SHOP = (
    "This Tradera account has no active shop, and fixed prices are sold in a shop: open one at Tradera, or offer the "
    "product as an auction."
)
NO_SHOP_WORDS = ("active Tradera shop", "no shop account")
DENIED = "Tradera refused the application's call."
ERROR = Decoder(ErrorBody)


class NotThere(Exception):
    """Tradera does not know it, or it belongs to somebody else."""


class Transport:
    """Calls of one application, with a seller's login where there is one. Raises Unavailable, Disconnected, Rejected, NotThere."""

    def __init__(self, *, settings: Settings, login: Login | None, toolbox: Toolbox) -> None:
        self._settings = settings
        self._login = login
        self._toolbox = toolbox

    async def entries(
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
                remote_id="" if (number := entry.number(id_name)) is None else str(number),
                raw=entry.raw,
                reason=entry.reason,
            )
            for entry in entries.field_errors_of
        ]
        if odd:
            await self._toolbox.report(odd)
        return entries

    async def call(
        self,
        method: str,
        path: str,
        purpose: Purpose,
        body: msgspec.Struct | None = None,
        *,
        needs: int = 1,
    ) -> bytes:
        """Make one call and return the body of its response."""
        login = self._login
        if login and login.expires_at is not None and login.expires_at <= self._toolbox.clock():
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
            "Accept": "application/json",
        }
        if self._login is not None:
            headers |= {"X-User-Id": self._login.user_id, "X-User-Token": self._login.token}
        return headers | {"Content-Type": "application/json"} if has_body else headers

    async def _raise(self, answer: Response, *, changes: bool) -> None:
        """Raise the error that a status other than success means."""
        reason = self._reason(answer)
        if _is_without_shop(answer.status, reason):
            raise Rejected(NO_SHOP)
        match _kind(answer.status):
            case "wrong_keys":
                raise Disconnected(WRONG_KEYS if self._settings.has_keys else NO_KEYS)
            case "denied":
                raise Disconnected(EXPIRED if self._login else DENIED)
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
        token = self._login.token if self._login else ""
        for secret in (token, self._settings.app_key):
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


def _is_without_shop(status: int, reason: str) -> bool:
    is_refused = status in {400, 403}
    return is_refused and any(words in reason for words in NO_SHOP_WORDS)


def _retry_after(answer: Response) -> timedelta | None:
    text = answer.headers.get("retry-after", "")
    is_seconds = text.isascii() and text.isdigit() and len(text) <= MAX_WAIT_DIGITS
    return timedelta(seconds=int(text)) if is_seconds else None


def read(decoder: Decoder[T], body: bytes, *, changes: bool = False) -> T:
    """Read a response; one that cannot be read means that Tradera is in trouble. Raises Unavailable."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"Tradera's answer cannot be read: {error}", unclear=changes) from error
