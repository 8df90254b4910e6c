"""The only door to other people's servers: https, checked addresses, and a limit on everything."""

from saluhall.kit.http.client import Outbound
from saluhall.kit.http.response import NoResponse, Response, TooLarge
from saluhall.kit.http.ssrf_guard import NotAllowed, NotPublic, check_target, check_url

__all__ = [
    "NoResponse",
    "NotAllowed",
    "NotPublic",
    "Outbound",
    "Response",
    "TooLarge",
    "check_target",
    "check_url",
]
