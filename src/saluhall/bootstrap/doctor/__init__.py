"""Check everything that the hub needs, each with a result and a remedy."""

import asyncio
from collections.abc import Iterator

from saluhall.bootstrap.doctor.database import check_database
from saluhall.bootstrap.doctor.finding import Finding, Result, error, ok, warning
from saluhall.bootstrap.doctor.network import ask_all, check_ca_file, findings_from_asked
from saluhall.bootstrap.doctor.places import check_data_dir, check_image_store
from saluhall.settings import Settings

__all__ = ["Finding", "Result", "error", "examine"]


async def examine(settings: Settings) -> list[Finding]:
    """Check everything at once; the settings have been read without an error."""
    (database, used), images, asked = await asyncio.gather(
        check_database(settings), check_image_store(settings), ask_all(settings)
    )
    return [
        *_settings(settings),
        *check_data_dir(settings),
        *database,
        *images,
        *check_ca_file(settings),
        *findings_from_asked(asked, used=used),
    ]


def _settings(settings: Settings) -> Iterator[Finding]:
    yield ok("settings", "every setting is right")
    for name, networks in (
        ("SALUHALL_OUTBOUND_ALLOW", settings.outbound_allow),
        ("SALUHALL_TRUSTED_PROXIES", settings.trusted_proxies),
    ):
        if any(network.prefixlen == 0 for network in networks):
            message = f"{name} holds every address there is"
            yield warning("settings", message, "name only the networks that are meant")
