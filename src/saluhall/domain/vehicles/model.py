"""What is kept of a number plate."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Kept(Struct, frozen=True):
    """An answer of the provider; `vehicle` None: it knows no such plate."""

    vehicle: Mapping[str, Any] | None
