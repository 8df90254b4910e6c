"""Tradera's token login: the address of its login page, and the exchange of what it leads to for a token."""

import asyncio
import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from msgspec.json import Decoder

from saluhall.capabilities import LoginPage
from saluhall.channel import Disconnected, Login, Purpose, Rejected, Toolbox
from saluhall.channels.tradera.items import instant_from_text
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.transport import NotThere, Transport, read
from saluhall.channels.tradera.wire import FetchTokenRequest, Token
from saluhall.kit.environment import BadSetting

PAUSES_S = (0.0, 1.0, 2.0, 4.0)  # a token may appear some seconds after the login
NO_ACCESS = "Tradera gave no access; start the login again if that was a mistake"
TOKEN: Decoder[Token] = Decoder(Token, strict=False)


def login_page(env: Mapping[str, str], state: str) -> LoginPage:
    """Return where the seller logs in. Raises BadSetting without the application's keys."""
    settings = Settings.read(env)
    is_missing = settings.public_key is None or not settings.has_keys
    if is_missing and not settings.is_practice:
        raise BadSetting(
            "SALUHALL_TRADERA_PUBLIC_KEY",
            "the login at Tradera needs the application's id, key and public key",
            "give SALUHALL_TRADERA_APP_ID, SALUHALL_TRADERA_APP_KEY and SALUHALL_TRADERA_PUBLIC_KEY as Tradera gave them",
        )
    secret = str(uuid.uuid4())
    query = {
        "appId": settings.app_id,
        "pkey": settings.public_key or "",
        "skey": secret,
        "ruparams": urlencode({"state": state}),
    }
    return LoginPage(url=f"{settings.url}/token-login?{urlencode(query)}", secret=secret)


async def exchange(toolbox: Toolbox, secret: str, answer: Mapping[str, str]) -> Login:
    """Fetch the token of a finished login. Raises Rejected, Unavailable, Disconnected.

    A token in the address is not used: Tradera's setting that shows it had better be off.
    """
    user_id = answer.get("userId", "")
    if not (user_id.isascii() and user_id.isdecimal()):
        raise Rejected(NO_ACCESS)
    wanted = FetchTokenRequest(userId=int(user_id), secretKey=secret)
    settings = Settings.read(toolbox.env)
    transport = Transport(settings=settings, login=None, toolbox=toolbox)
    refusal = ""
    for pause_s in PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            body = await transport.call("POST", "/v4/auth/token", Purpose.LOGIN, wanted)
        except (Disconnected, NotThere) as error:
            refusal = str(error)
        else:
            return _login(user_id, read(TOKEN, body, changes=True))
    raise Rejected(f"Tradera gave no token: {refusal} Start the login again.")


def _login(user_id: str, token: Token) -> Login:
    if not token.authToken:
        raise Rejected("Tradera gave no token. Start the login again.")
    expires_at = instant_from_text(token.hardExpirationTime)
    return Login(user_id=user_id, token=token.authToken, expires_at=expires_at)
