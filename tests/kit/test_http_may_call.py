"""A worker that may not call sends nothing, however late that turns out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from saluhall.kit.http import Outbound

if TYPE_CHECKING:
    from tests.kit.conftest import Theatre


class TooLate(Exception):
    pass


async def test_a_call_that_may_not_be_made_sends_nothing_and_leaves_the_way_open(
    theatre: Theatre,
) -> None:
    stage = await theatre.answering(b"ok", tls=False)
    is_late = False

    def may_call() -> None:
        if is_late:
            raise TooLate

    outbound = Outbound(may_call=may_call)
    try:
        await outbound.call("POST", stage.url(host="127.0.0.1"), body=b"1", timeout_s=5)
        is_late = True
        for method in ("GET", "POST"):
            with pytest.raises(TooLate):
                await outbound.call(method, stage.url(host="127.0.0.1"), timeout_s=5)
        assert [heard.body for heard in stage.heard] == [b"1"]

        is_late = False
        await outbound.call("POST", stage.url(host="127.0.0.1"), body=b"2", timeout_s=5)
        assert [heard.body for heard in stage.heard] == [b"1", b"2"]
    finally:
        await outbound.close()
