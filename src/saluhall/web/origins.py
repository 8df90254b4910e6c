"""Who acts in a request, for the event log."""

from collections.abc import Mapping

from saluhall.domain.accounts.model import Principal
from saluhall.kit.origin import Origin


def origin_of(
    principal: Principal,
    *,
    source: str,
    request_id: str | None = None,
    request_ids: Mapping[str, str] | None = None,
) -> Origin:
    """Return the origin of a request, or of several in one transaction."""
    user, key = principal.user_id, principal.key_id
    actor = f"user:{user}" if user else f"key:{key}" if key else f"account:{principal.account_id}"
    return Origin(actor=actor, source=source, request_id=request_id, request_ids=request_ids or {})
