"""Certificates, and the servers of others that the hub calls: asked without credentials, within a time limit."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from saluhall.bootstrap.doctor.finding import Finding, error, ok, warning
from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge
from saluhall.plugins import load_channels
from saluhall.settings import Settings

_TIMEOUT_S = 2.0
_SERVER_ERROR = 500
_OK = 200
_CERTIFICATE = "certificate"
_OUTBOUND_REMEDY = (
    "check DNS, the firewall and the way out of this machine; the hub calls it directly"
)


class Asked(Struct, frozen=True):
    """A server and what came of asking it: a status, or the reason why there was no answer."""

    name: str
    channel: str | None
    url: str
    status: int | None
    reason: str = ""


def check_ca_file(settings: Settings) -> Iterator[Finding]:
    """Check that the certificates that are trusted besides have not expired."""
    if settings.outbound_ca_file is None:
        return
    from cryptography import x509  # noqa: PLC0415 - only with such a file

    name, now = "certificates: CA file", datetime.now(UTC)
    try:
        found = x509.load_pem_x509_certificates(settings.outbound_ca_file.read_bytes())
    except (ValueError, OSError) as problem:
        remedy = "name a file of certificates in PEM in SALUHALL_OUTBOUND_CA_FILE"
        yield error(name, f"{settings.outbound_ca_file} cannot be read: {problem}", remedy)
        return
    expired = [each for each in found if each.not_valid_after_utc < now]
    if expired:
        subjects = ", ".join(each.subject.rfc4514_string() for each in expired)
        yield warning(name, f"expired: {subjects}", "replace them in the file")
    else:
        yield ok(name, f"{len(found)} in {settings.outbound_ca_file}, none expired")


async def ask_all(settings: Settings) -> list[Asked]:
    """Ask every server at once."""
    http = Outbound(allow=settings.outbound_allow, ca_file=settings.outbound_ca_file)
    try:
        return await asyncio.gather(
            *(_ask(http, name, channel, url) for name, channel, url in _servers(settings))
        )
    finally:
        await http.close()


def _servers(settings: Settings) -> Iterator[tuple[str, str | None, str]]:
    for card in load_channels().values():
        for url in card.base_urls(settings.env):
            yield f"outbound: {card.label}", card.name, url
    if settings.ai_url is not None:
        yield "outbound: language model", None, settings.ai_url
    if settings.trust is not None and settings.trust.jwks_url is not None:
        yield "outbound: keys of the issuer", None, settings.trust.jwks_url
    if settings.public_url is not None and settings.public_url.startswith("https://"):
        yield "certificates: public URL", None, f"{settings.public_url}/healthz"


async def _ask(http: Outbound, name: str, channel: str | None, url: str) -> Asked:
    try:
        answer = await http.call("GET", url, timeout_s=_TIMEOUT_S)
    except TooLarge:
        return Asked(name, channel, url, _OK)
    except (NoResponse, NotAllowed) as problem:
        return Asked(name, channel, url, None, str(problem))
    return Asked(name, channel, url, answer.status)


def findings_from_asked(asked: Collection[Asked], *, used: Collection[str]) -> list[Finding]:
    """Judge what came of it; a channel that nobody is connected to is no error."""
    return [
        _public(each) if each.name.startswith("cert") else _judged(each, used) for each in asked
    ]


def _judged(asked: Asked, used: Collection[str]) -> Finding:
    if asked.status is None:
        says = error if asked.channel in used else warning
        return says(asked.name, f"{asked.url}: {asked.reason}", _OUTBOUND_REMEDY)
    if asked.status >= _SERVER_ERROR:
        message = f"{asked.url} answers {asked.status}"
        return warning(asked.name, message, "it has trouble of its own; try again later")
    return ok(asked.name, f"{asked.url} answers")


def _public(asked: Asked) -> Finding:
    if asked.status is None and _CERTIFICATE in asked.reason.lower():
        remedy = "renew the certificate at the proxy, with its whole chain"
        return error(asked.name, f"{asked.url}: {asked.reason}", remedy)
    if asked.status != _OK:
        what = asked.reason or f"it answers {asked.status}"
        remedy = "start the hub, and check the proxy; from inside some networks it is not reachable"
        return warning(asked.name, f"{asked.url}: {what}", remedy)
    return ok(asked.name, f"{asked.url} answers, and its certificate is accepted")
