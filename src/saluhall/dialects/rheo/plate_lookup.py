"""Number plates: how they are written, and what the operator's provider says of them."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from saluhall.dialect import refuse
from saluhall.dialects.rheo.errors import ProviderFailed
from saluhall.dialects.rheo.wire_categories import Provided, VehicleFacts
from saluhall.kit.environment import read_text
from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge

SETTING: Final = "SALUHALL_VEHICLE_LOOKUP_URL"
_PLACE: Final = "{plate}"
_PLATE: Final = re.compile(r"[A-ZÅÄÖ0-9]{2,10}")
_JOINTS: Final = re.compile(r"[\s·-]+")
_TIMEOUT_S: Final = 10.0
_MAX_BYTES: Final = 64 * 1024
_OK: Final = 200
_UNKNOWN: Final = 404


def plate_from_query(query: Mapping[str, str]) -> str:
    """Read a plate: capital letters and digits, without blanks and dashes. Raises Invalid."""
    plate = _JOINTS.sub("", query.get("plate", "")).upper()
    if not plate:
        refuse("plate", "Required")
    if not _PLATE.fullmatch(plate):
        refuse("plate", "Must be a number plate of 2 to 10 letters and digits, such as ABC123")
    return plate


def provider_of(env: Mapping[str, str]) -> str | None:
    """Return the address of the operator's provider, None when there is none."""
    return read_text(env, SETTING)


async def ask(http: Outbound, provider: str, plate: str) -> dict[str, Any] | None:
    """Ask the provider for a vehicle; None when it knows no such plate. Raises ProviderFailed."""
    try:
        answer = await http.fetch(
            provider.replace(_PLACE, quote(plate, safe="")),
            max_bytes=_MAX_BYTES,
            timeout_s=_TIMEOUT_S,
        )
    except (NoResponse, NotAllowed, TooLarge) as error:
        raise ProviderFailed(str(error)) from error
    if answer.status == _UNKNOWN:
        return None
    if answer.status != _OK:
        raise ProviderFailed(f"it answered {answer.status}")
    try:
        provided = msgspec.json.decode(answer.body, type=Provided)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderFailed("its answer cannot be understood") from error
    return {name: _clean(value) for name, value in msgspec.structs.asdict(provided).items()}


def facts_from_vehicle(plate: str, vehicle: Mapping[str, Any]) -> VehicleFacts:
    """Show a vehicle."""
    return VehicleFacts(
        registrationPlate=plate,
        **{name: vehicle.get(name) for name in Provided.__struct_fields__},
    )


def _clean(value: object) -> object:
    return value.replace("\0", "") if isinstance(value, str) else value
