"""What is asked of somebody else's server."""

from collections.abc import Mapping

from yarl import URL

from saluhall.kit.http.ssrf_guard import NotAllowed


class OutboundRequest:
    """One request, ready to be put; `decompress` what the answer's headers call compressed. Raises NotAllowed."""

    def __init__(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        decompress: bool = True,
    ) -> None:
        for name, value in headers.items():
            if any(sign in name + value for sign in "\r\n\0"):
                raise NotAllowed("A header holds a line break")
        self.method = method
        self.url = url
        self.body = body
        self.headers = headers
        self.decompress = decompress
