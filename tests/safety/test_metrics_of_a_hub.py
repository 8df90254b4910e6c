"""What /metrics of a running hub says about its processes."""

from tests.hub import Hub


async def test_requests_answered_by_an_api_process_are_counted(hub: Hub) -> None:
    route = "/integration/v1/items/{external_id}"
    await hub.request("GET", "/integration/v1/items/COUNTED", headers={"x-api-key": "unknown"})

    status, _, text = await hub.request("GET", "/metrics")

    assert status == 200
    assert (
        f'saluhall_requests_total{{dialect="rheo",route="{route}",status="401"}}' in text.decode()
    )
    assert f'saluhall_request_seconds_count{{dialect="rheo",route="{route}"}}' in text.decode()
