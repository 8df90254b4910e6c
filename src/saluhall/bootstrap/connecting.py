"""What a request needs to fetch the token of a seller who logged in at a channel."""

from collections.abc import Sequence
from functools import partial

from saluhall.channel import ChannelCard, Toolbox, UnreadableEntry
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.secrets import Vault
from saluhall.plugins import load_channels
from saluhall.settings import Settings
from saluhall.storage import Database
from saluhall.web import Connecting


def connecting_of(settings: Settings, db: Database, http: Outbound, vault: Vault) -> Connecting:
    """Put together what the route works with."""
    return Connecting(
        db=db,
        vault=vault,
        clock=utc_now,
        cards=load_channels(),
        toolbox=partial(_toolbox, settings, db, http),
    )


def _toolbox(settings: Settings, db: Database, http: Outbound, card: ChannelCard) -> Toolbox:
    """Make a channel's toolbox for one call. Raises BadSetting."""
    from saluhall.jobs.budget import DatabaseBudget  # noqa: PLC0415 - jobs are the worker's; a login is rare

    limit = card.calls_per_day(settings.env)
    return Toolbox(
        env=settings.env,
        http=http,
        budget=DatabaseBudget(db, channel=card.name, limit=limit, clock=utc_now),
        report=_no_report,
        clock=utc_now,
        public_url=settings.public_url or "",
    )


async def _no_report(entries: Sequence[UnreadableEntry]) -> None:
    """Keep nothing: a login has no lists."""
