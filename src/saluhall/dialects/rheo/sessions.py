"""The sessions of a person: list them, end them, sign out, change the password."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from saluhall.dialect import Reply, Request, Route
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_people import NewPassword, OpenSession, OpenSessions
from saluhall.domain.accounts.roles import Right
from saluhall.domain.sessions import ending, model
from saluhall.domain.sessions.model import SessionNotFound
from saluhall.kit.clock import iso_from_instant

_SESSIONS: Final = "/auth/sessions"


async def list_sessions(request: Request) -> Reply:
    """List the person's open sessions, the newest first."""
    found = await ending.list_sessions(request.tx, principal=request.principal, now=request.now)
    own = request.principal.session_id
    return Reply(
        status=200, body=OpenSessions(sessions=[_session_from_ours(s, own=own) for s in found])
    )


async def end_session(request: Request) -> Reply:
    """End one of the person's sessions. Raises SessionNotFound."""
    try:
        session_id = UUID(request.path["id"])
    except ValueError as error:
        raise SessionNotFound from error
    await ending.end_session(
        request.tx, principal=request.principal, session_id=session_id, now=request.now
    )
    return Reply(status=204)


async def sign_out(request: Request) -> Reply:
    """End the session that the access token belongs to. Raises SessionNotFound."""
    if request.principal.session_id is None:
        raise SessionNotFound  # the token of an external issuer belongs to no session of ours
    await ending.end_session(
        request.tx,
        principal=request.principal,
        session_id=request.principal.session_id,
        now=request.now,
    )
    return Reply(status=204)


async def change_password(request: Request) -> Reply:
    """Change the person's password and end all other sessions, after the transaction: comparing takes long."""
    given = read(request.body, NewPassword)
    return Reply(status=204, after_commit=partial(_change, request, given))


async def _change(request: Request, given: NewPassword) -> Reply:
    await ending.change_password(
        request.db,
        principal=request.principal,
        current=given.current_password,
        new=given.new_password,
        now=request.now,
    )
    return Reply(status=204)


def _session_from_ours(session: model.OpenSession, *, own: UUID | None) -> OpenSession:
    return OpenSession(
        id=str(session.id),
        address=session.address,
        createdAt=iso_from_instant(session.created_at),
        expiresAt=iso_from_instant(session.expires_at),
        current=session.id == own,
    )


_route = partial(
    Route, authenticator=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"}
)

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_SESSIONS,
        handler=list_sessions,
        right=Right.SELF_READ,
        summary="List the open sessions of the person, the newest first",
        responses={200: OpenSessions, 401: Error, 403: Error, 429: Error},
    ),
    _route(
        method="DELETE",
        path=f"{_SESSIONS}/{{id}}",
        handler=end_session,
        right=Right.SELF_WRITE,
        summary="End a session: its tokens open nothing from now on",
        responses={204: None, 401: Error, 403: Error, 404: Error, 429: Error},
    ),
    _route(
        method="POST",
        path="/auth/sign-out",
        handler=sign_out,
        right=Right.SELF_WRITE,
        summary="End the session of this access token",
        responses={204: None, 401: Error, 403: Error, 404: Error, 429: Error},
    ),
    _route(
        method="POST",
        path="/auth/password",
        handler=change_password,
        right=Right.SELF_WRITE,
        summary="Change the password and end all other sessions",
        body=NewPassword,
        example={"current_password": "a good password", "new_password": "a better password"},
        responses={204: None, 400: Error, 401: Error, 403: Error, 422: Error, 429: Error},
    ),
)
