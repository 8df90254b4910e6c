"""An account's members, and what can be wrong about them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class MemberNotFound(Exception):
    """The account acts for nobody, or has no such member: which of them is nobody's business."""


class ExternalIdTaken(Exception):
    """The account calls another member so."""


class Member(Struct, frozen=True, kw_only=True):
    """An account that another one acts for, under that one's own name for it."""

    member_account_id: UUID
    name: str
    external_id: str
    joined_at: datetime
