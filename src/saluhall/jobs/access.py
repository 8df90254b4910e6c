"""Open a channel for a connection."""

from collections.abc import Sequence

from saluhall.channel import Channel, Disconnected, Login, Toolbox, UnreadableEntry
from saluhall.domain.connections.model import Connection
from saluhall.domain.connections.operations import token_purpose
from saluhall.jobs.attention import keep_for_attention
from saluhall.jobs.budget import DatabaseBudget
from saluhall.jobs.run import Run
from saluhall.kit.environment import BadSetting
from saluhall.kit.secrets import Undecryptable


def open_channel(run: Run, connection: Connection) -> Channel:
    """Unseal the login and connect. Raises Disconnected when the channel or the secret key is not there any more."""
    card = run.channels.get(connection.channel)
    if card is None:
        raise Disconnected(f"The channel {connection.channel!r} is not installed.")
    purpose = token_purpose(connection.account_id, connection.channel, connection.user_id)
    try:
        token = run.vault.open(connection.token, purpose=purpose)
    except Undecryptable as error:
        raise Disconnected(
            "The stored token cannot be decrypted: SALUHALL_SECRET_KEY has changed. Connect again."
        ) from error
    login = Login(
        user_id=connection.user_id,
        token=token,
        expires_at=connection.expires_at,
        options=connection.options,
    )
    budget = DatabaseBudget(
        run.db, channel=card.name, limit=card.calls_per_day(run.env), clock=run.clock
    )

    async def report(entries: Sequence[UnreadableEntry]) -> None:
        await keep_for_attention(run, connection, entries)

    toolbox = Toolbox(
        env=run.env,
        http=run.http,
        budget=budget,
        report=report,
        clock=run.clock,
        public_url=run.env.get("SALUHALL_PUBLIC_URL", ""),
    )
    try:
        return card.connect(login, toolbox)
    except BadSetting as error:
        raise Disconnected(f"The connection's options cannot be understood: {error}") from error
