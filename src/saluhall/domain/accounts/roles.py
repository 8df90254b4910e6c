"""What each role may do: one table from roles to rights."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """One thing that a principal may do: an area, and what is done there."""

    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    OFFERS_READ = "offers:read"
    OFFERS_WRITE = "offers:write"
    IMPORTS_WRITE = "imports:write"
    ORDERS_READ = "orders:read"
    ORDERS_SHIP = "orders:ship"
    ORDERS_WRITE = "orders:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    EVENTS_READ = "events:read"
    ANALYTICS_READ = "analytics:read"
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    SELF_READ = "self:read"
    SELF_WRITE = "self:write"


class Role(StrEnum):
    """What a user, or an API key as its scope, is there for."""

    OWNER = "owner"
    MANAGER = "manager"
    PACKER = "packer"
    VIEWER = "viewer"
    INTEGRATOR = "integrator"


# Everybody may read their own limits, see and end their own sessions, and change their own password.
_OWN: Final = frozenset({Right.SELF_READ, Right.SELF_WRITE})
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: _OWN
    | {
        Right.PRODUCTS_READ,
        Right.PRODUCTS_WRITE,
        Right.OFFERS_READ,
        Right.OFFERS_WRITE,
        Right.IMPORTS_WRITE,
        Right.ORDERS_READ,
        Right.ORDERS_SHIP,
        Right.ORDERS_WRITE,
        Right.ANALYTICS_READ,
    },
    Role.PACKER: _OWN | {Right.ORDERS_READ, Right.ORDERS_SHIP},
    Role.VIEWER: _OWN | {right for right in Right if right.endswith(":read")},
    Role.INTEGRATOR: _OWN
    | {
        Right.KEYS_READ,
        Right.KEYS_WRITE,
        Right.WEBHOOKS_READ,
        Right.WEBHOOKS_WRITE,
        Right.EVENTS_READ,
    },
}
