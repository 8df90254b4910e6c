"""Buy something at a practice server, as a stranger would."""

import msgspec

from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge

_BUYER = "saluhall-trigger"
_TIMEOUT_S = 5.0
_OK = range(200, 300)
_OVERBID = 1000


class NoPractice(Exception):
    """No practice server answers at the address, or it does not have the item; the message says which."""


class _Item(msgspec.Struct):
    itemId: int  # noqa: N815 - as the practice server spells it
    startPrice: int | None = None  # noqa: N815
    maxBid: int | None = None  # noqa: N815


async def sell(http: Outbound, base: str, external_id: str) -> None:
    """Bid on an auction unless somebody has, and end it: it is sold. Raises NoPractice."""
    items = msgspec.json.decode(
        await _control(http, "GET", f"{base}/sandbox/items"), type=list[_Item]
    )
    item = next((each for each in items if str(each.itemId) == external_id), None)
    if item is None:
        raise NoPractice(f"the practice server at {base} does not have item {external_id}")
    path = f"{base}/sandbox/items/{external_id}"
    if item.maxBid is None:
        bid = {"amount": (item.startPrice or 0) + _OVERBID, "bidder": _BUYER}
        await _control(http, "POST", f"{path}/bids", msgspec.json.encode(bid))
    await _control(http, "POST", f"{path}/end")


async def _control(http: Outbound, method: str, url: str, body: bytes | None = None) -> bytes:
    try:
        answer = await http.call(method, url, body=body, timeout_s=_TIMEOUT_S)
    except (NoResponse, NotAllowed, TooLarge, TimeoutError) as error:
        raise NoPractice(f"no practice server answers: {error}") from error
    if answer.status not in _OK:
        raise NoPractice(f"{url} is not a practice server's: it answered {answer.status}")
    return answer.body
