from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from saluhall.web.client_ip import client_ip
from tests.conftest import StartHub
from tests.sellrapido import V2

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("fd00::1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_only_what_a_trusted_proxy_has_added_counts(
    peer: str, forwarded: Sequence[str], caller: str
) -> None:
    assert client_ip(peer, forwarded, trusted=TRUSTED) == caller


def test_without_trusted_proxies_the_peer_counts() -> None:
    assert client_ip("10.0.0.1", ["198.51.100.1"], trusted=()) == "10.0.0.1"


async def test_callers_behind_a_trusted_proxy_are_slowed_down_apart(start_hub: StartHub) -> None:
    hub = await start_hub("--no-worker", SALUHALL_TRUSTED_PROXIES="127.0.0.0/8")
    async with hub.db.transaction() as tx:
        await tx.run(
            "insert into sign_in_failures (subject, failures, failed_at) values (%(key)s, 1000, now())",
            {"key": "address:198.51.100.1"},
        )

    async def status(*addresses: str) -> int:
        headers = {"x-forwarded-for": ", ".join(addresses)} if addresses else {}
        body = b'{"username": "nobody", "password": "x"}'
        answered, _, _ = await hub.request(
            "POST", f"{V2}/auth/authorize", headers=headers, body=body
        )
        return answered

    assert await status("198.51.100.1") == 429
    assert await status("203.0.113.9", "198.51.100.1") == 429
    assert await status("198.51.100.1", "203.0.113.9") == 401
    assert await status() == 401
