import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sellrapido import Client

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
_ELEMENT = st.fixed_dictionaries(
    {},
    optional={
        "id": _JSON | st.integers(1, 2**33),
        "status": _JSON | st.sampled_from(["sent", " accepted", "standby", "cancelled"]),
        "tracking": _JSON,
        "courier": _JSON,
        "courier_code": _JSON,
        "payment_date": _JSON | st.datetimes().map(str) | st.dates().map(str),
        "shipping_note": _JSON,
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.lists(_JSON | _ELEMENT, max_size=5) | _JSON)
async def test_whatever_is_sent_gets_an_answer(shared_client: Client, body: Any) -> None:
    status, _, errors = await shared_client.call("POST", "/order/status", json.dumps(body).encode())

    assert status == (200 if isinstance(body, list) else 400)
    assert all(set(error) == {"index", "id", "error_message"} for error in errors)
