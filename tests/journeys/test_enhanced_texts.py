"""Texts that a language model improves; without it, the seller's own."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from saluhall.jobs.enhance_texts import TIMEOUT_S
from tests.conftest import StartHub
from tests.hub import Shop


class Model:
    """A chat endpoint that enhances, fails, babbles or dawdles, as the title of the item asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.keys: set[str | None] = set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        question = await request.json()
        assert question["response_format"]["type"] == "json_schema"
        title = json.loads(question["messages"][-1]["content"])["title"]
        self.asked.append(title)
        self.keys.add(request.headers.get("authorization"))
        if "FAIL" in title:
            return web.Response(status=500)
        if "DAWDLE" in title:
            await asyncio.sleep(TIMEOUT_S + 5)
        text = {"title": f"Finer {title}", "description": "So fine."}
        content = "Sure! Here it is." if "BABBLE" in title else json.dumps(text)
        return web.json_response({"choices": [{"message": {"content": content}}]})


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    model = Model()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    model.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield model
    await runner.cleanup()


async def test_without_a_model_the_item_continues_with_its_own_text(shop: Shop) -> None:
    await shop.listed("A", useAiEnhancement=True)

    assert [ad["title"] for ad in await shop.ads()] == ["Part A"]
    [told] = [e for e in await shop.history("A") if e["type"] == "text.unchanged"]
    assert "no language model is configured" in told["data"]["reason"]


@pytest.mark.long
async def test_the_ad_has_the_better_text_and_the_item_keeps_the_sellers(
    start_hub: StartHub, model: Model
) -> None:
    hub = await start_hub(SALUHALL_AI_URL=model.url, SALUHALL_AI_KEY="k", SALUHALL_AI_MODEL="m")
    shop = await hub.open_selling_shop()
    fails = {"FAIL": "answered 500", "BABBLE": "no usable text", "DAWDLE": "did not answer"}

    await asyncio.gather(
        _good(shop, model), *(_continues(shop, name, why) for name, why in fails.items())
    )

    assert model.keys == {"Bearer k"}
    assert len(await shop.ads()) == 2 + len(fails)


async def _good(shop: Shop, model: Model) -> None:
    await shop.listed("GOOD", useAiEnhancement=True, description="Begagnad.")
    assert (await shop.get("GOOD"))["title"] == "Part GOOD"
    [ad] = [ad for ad in await shop.ads() if "GOOD" in ad["title"]]
    assert ad["title"] == "Finer Part GOOD"
    assert "So fine." in ad["description"]

    await _refused_then_renamed(shop)
    assert model.asked.count("Part GOOD") == 1


async def _refused_then_renamed(shop: Shop) -> None:
    """A refused item whose seller writes a new title is listed with the new one made better."""
    await shop.put("RENAMED", price=99.5, useAiEnhancement=True, autoPublishTradera=True)
    await shop.heard("listing.failed", "RENAMED")
    await shop.put("RENAMED", title="Another title", price=99)
    await shop.heard("listing.created", "RENAMED")
    assert "Finer Another title" in {ad["title"] for ad in await shop.ads()}


async def _continues(shop: Shop, name: str, why: str) -> None:
    await shop.put(name, useAiEnhancement=True, autoPublishTradera=True)
    await shop.heard("listing.created", name, timeout_s=60)
    assert f"Part {name}" in {ad["title"] for ad in await shop.ads()}
    [told] = [e for e in await shop.history(name) if e["type"] == "text.unchanged"]
    assert why in told["data"]["reason"]


async def test_a_model_is_never_asked_about_items_that_do_not_want_it(shop: Shop) -> None:
    await shop.listed("A")
    assert not [e for e in await shop.history("A") if e["type"].startswith("text.")]
