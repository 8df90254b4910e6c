"""Post one event to an endpoint, and return the result."""

from collections.abc import Mapping

from saluhall.domain.webhooks.model import TIMEOUT_S, Endpoint
from saluhall.kit.http import NoResponse, NotAllowed, Outbound

_OK = range(200, 300)


async def post(
    http: Outbound, endpoint: Endpoint, *, body: bytes, headers: Mapping[str, str]
) -> tuple[int | None, str | None]:
    """Return the status of the answer, None without one, and what was wrong, None when nothing."""
    try:
        status = await http.post_for_status(
            endpoint.url or "",
            body=body,
            headers=headers,
            timeout_s=TIMEOUT_S,
            certificate=endpoint.certificate,
        )
    except (NoResponse, NotAllowed) as failure:
        return None, str(failure)
    return status, None if status in _OK else f"HTTP {status}"
