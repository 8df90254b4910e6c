"""connection add --login: print the channel's login page, wait until the browser has come back to the hub."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from saluhall.bootstrap import now, vault_of
from saluhall.channel import ChannelCard
from saluhall.cli.failures import Refused
from saluhall.cli.session import prepared
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.connections import logins
from saluhall.domain.connections.model import LoginOutcome
from saluhall.settings import Settings
from saluhall.storage import Database

_LOOK_EVERY_S = 1.0
_TOO_LATE = "nobody logged in within 15 minutes; run the command again"


def connect_by_login(
    settings: Settings, card: ChannelCard, *, account: str, options: Mapping[str, Any]
) -> UUID:
    """Have the seller log in at the channel and return the connection's id. Raises Refused, BadSetting, AccountNotFound."""

    async def run() -> UUID:
        async with prepared(settings) as db:
            principal, attempt_id = await _begin(settings, db, card, account, options)
            return await _outcome(db, principal, attempt_id)

    return asyncio.run(run())


async def _begin(
    settings: Settings, db: Database, card: ChannelCard, account: str, options: Mapping[str, Any]
) -> tuple[Principal, UUID]:
    if card.connect_url is None:
        raise Refused(f"{card.label} has no login page; give --user-id and --token")
    state = logins.new_state()
    page = card.connect_url(settings.env, state)
    async with db.transaction() as tx:
        principal = await principal_of_account(tx, account)
        attempt_id = await logins.begin(
            tx,
            principal=principal,
            channel=card.name,
            state=state,
            secret=page.secret,
            options=options,
            vault=vault_of(settings),
            now=now(),
        )
    back = f"{settings.public_url or 'the address of this hub'}/connect/{card.name}"
    sys.stderr.write(
        f"Open this address in a browser and log in at {card.label}:\n\n  {page.url}\n\n"
        f"The hub must be running, and the application's Accept URL at {card.label} be {back}.\n"
    )
    sys.stderr.flush()
    return principal, attempt_id


async def _outcome(db: Database, principal: Principal, attempt_id: UUID) -> UUID:
    while True:
        async with db.statement() as tx:
            attempt = await logins.find(tx, principal=principal, attempt_id=attempt_id)
        if attempt is None or (attempt.outcome is None and attempt.expires_at <= now()):
            raise Refused(_TOO_LATE)
        if attempt.outcome is LoginOutcome.REJECTED:
            raise Refused(attempt.reason or "the channel refused the login")
        if attempt.connection_id is not None:
            return attempt.connection_id
        await asyncio.sleep(_LOOK_EVERY_S)
