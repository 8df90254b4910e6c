"""Let a language model improve titles and descriptions where the seller asked for it; without a response the item stays unchanged."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from saluhall.domain.listings import operations as listings
from saluhall.domain.products import operations as products
from saluhall.domain.products.model import DueText, Text
from saluhall.jobs.run import Ai, Job, Opened, Run, opens
from saluhall.kit.http import NoResponse, NotAllowed, TooLarge
from saluhall.kit.texts import is_seen

TIMEOUT_S = 20.0
_WIDTH = 4
_LEASE = timedelta(minutes=2)
_OK = 200
_TASK = (
    "Rewrite the title and the description of an item for sale so that buyers find and trust it. Keep the language, every fact, number"
    " and part code; invent nothing. Plain text only; title of at most 80 characters."
)


class Enhanced(Struct, frozen=True):
    """What the model answers."""

    title: Annotated[str, Meta(min_length=2, max_length=255)]
    description: Annotated[str, Meta(max_length=20_000)]


class _Message(Struct):
    content: str | None = None


class _Choice(Struct):
    message: _Message


class _Completion(Struct):
    choices: Annotated[list[_Choice], Meta(min_length=1)]


class NoText(Exception):
    """The model gave no usable text; the message says why."""


async def _claim(account: Opened, limit: int) -> Sequence[DueText]:
    run = account.run
    async with run.db.transaction() as tx:
        return await products.claim_texts(
            tx, UUID(account.key), worker=run.worker, limit=limit, lease=_LEASE, now=run.clock()
        )


async def _work(account: Opened, due: DueText) -> tuple[DueText, Text | str]:
    try:
        return due, await ask(account.run, due)
    except NoText as error:
        return due, str(error)


async def _record(account: Opened, done: Sequence[tuple[DueText, Text | str]]) -> None:
    now = account.run.clock()
    async with account.run.db.transaction() as tx:
        for due, text in done:
            if isinstance(text, Text):
                await products.text_enhanced(tx, due, text, now=now)
            else:
                await products.text_unchanged(tx, due, reason=text, now=now)
        await listings.settle(tx, UUID(account.key), [due.id for due, _ in done], now=now)


async def ask(run: Run, due: DueText) -> Text:
    """Ask the model. Raises NoText."""
    if run.ai is None:
        raise NoText("no language model is configured (SALUHALL_AI_URL)")
    headers = {"content-type": "application/json"}
    if run.ai.key:
        headers["authorization"] = f"Bearer {run.ai.key}"
    try:
        answer = await run.http.call(
            "POST",
            f"{run.ai.url.rstrip('/')}/chat/completions",
            body=msgspec.json.encode(_question(run.ai, due)),
            headers=headers,
            timeout_s=TIMEOUT_S,
            max_bytes=1024 * 1024,
        )
    except (NoResponse, NotAllowed, TooLarge) as error:
        raise NoText(f"the language model did not answer: {error}") from error
    if answer.status != _OK:
        raise NoText(f"the language model answered {answer.status}")
    return text_from_completion(answer.body)


def text_from_completion(body: bytes) -> Text:
    """Read the structured answer. Raises NoText."""
    try:
        content = msgspec.json.decode(body, type=_Completion).choices[0].message.content
        enhanced = msgspec.json.decode(content or "", type=Enhanced)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoText("the language model gave no usable text") from error
    title, description = (
        s.replace("\0", "").strip() for s in (enhanced.title, enhanced.description)
    )
    if not is_seen(title):
        raise NoText("the language model gave an empty title")
    return Text(title=title, description=description or None)


def _question(ai: Ai, due: DueText) -> dict[str, object]:
    return {
        "model": ai.model,
        "messages": [
            {"role": "system", "content": _TASK},
            {
                "role": "user",
                "content": msgspec.json.encode(
                    {"title": due.title, "description": due.description or ""}
                ).decode(),
            },
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "item_text",
                "strict": True,
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["title", "description"],
                    "properties": {
                        "title": {"type": "string"},
                        "description": {"type": "string"},
                    },
                },
            },
        },
    }


ENHANCE_TEXTS = Job(
    name="enhance_texts", open=opens(max_calls=_WIDTH), claim=_claim, work=_work, record=_record
)
