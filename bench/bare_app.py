"""The floor of HTTP: an application that reads a body and answers, under the same server as the hub's. `python -m bench.bare_app PORT`."""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

# What the hub answers a PUT with, to the byte.
_ANSWER = b'{"success":true,"itemId":"01a2030c-f5c4-493c-969b-b8cde6903cea","message":"Item is being processed in the background."}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_ANSWER)).encode()),
]

Message = MutableMapping[str, Any]


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer every request with 202 once its body is there; `/readyz` with 200."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    status = 200 if scope["path"] == "/readyz" else 202
    await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


if __name__ == "__main__":
    Granian(
        "bench.bare_app:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        websockets=False,
    ).serve()
