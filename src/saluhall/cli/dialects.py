"""The dialect of the webhooks that a command is about."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from saluhall.cli.failures import Refused
from saluhall.plugins import load_webhooks

if TYPE_CHECKING:
    from saluhall.dialect import Webhook

Dialect = Annotated[
    str | None,
    Parameter(
        name="--dialect",
        help="The partner API of the webhooks; needed when several have webhooks.",
    ),
]


def webhook_of(dialect: str | None) -> "Webhook":
    """Return how this dialect sends webhooks, or the only one that does. Raises Refused."""
    found = load_webhooks()
    names = ", ".join(found) or "none"
    if dialect is None and len(found) == 1:
        return next(iter(found.values()))
    if dialect is None:
        raise Refused(f"give --dialect: several APIs have webhooks: {names}")
    if dialect not in found:
        raise Refused(f"no dialect {dialect!r} has webhooks; there are {names}")
    return found[dialect]
