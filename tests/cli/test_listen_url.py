import pytest

from saluhall.cli.listen_url import base_of, is_everywhere


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://localhost:8080"),  # noqa: S104 - it is what we are asked about
        ("::", "http://localhost:8080"),
        ("::1", "http://[::1]:8080"),
        ("hub.example", "http://hub.example:8080"),
    ],
)
def test_a_link_leads_to_where_the_hub_listens(host: str, base: str) -> None:
    assert base_of(host, 8080) == base
    assert is_everywhere(host) == (base == "http://localhost:8080")
