"""What a command prints and with which exit code it ends when it cannot do what was asked."""

import re
import sys
from collections.abc import Sequence

import msgspec
from cyclopts.exceptions import CycloptsError
from msgspec import Struct

from saluhall.domain.accounts.model import (
    AccountNotFound,
    AccountTaken,
    BadCurrency,
    BadRate,
    BadSubject,
    BadTimeZone,
    ExpiresInPast,
    KeyNotFound,
    LastOwner,
    SubjectTaken,
    TooManyKeys,
    UserNotFound,
)
from saluhall.domain.attention.model import EntryNotFound
from saluhall.domain.catalogs.model import CatalogInUse, CatalogNotFound, CatalogTaken
from saluhall.domain.connections.model import ConnectionNotFound, ListingsAreLive
from saluhall.domain.offers.model import OfferNotFound, OfferRefused, PolicyRefused
from saluhall.domain.orders.model import (
    ChangePending,
    LineNotFound,
    MatchRefused,
    OrderCancelled,
    OrderNotFound,
    OrderShipped,
    RefundRefused,
    TagRefused,
    TooManyUnits,
    TrackingWithoutCarrier,
)
from saluhall.domain.partner_business.model import BadDeal
from saluhall.domain.products.model import ProductNotFound
from saluhall.domain.removals.model import AccountBusy, NotSuspended
from saluhall.domain.sessions.model import SessionNotFound, WeakPassword
from saluhall.domain.webhooks.model import BadEndpoint, EndpointNotFound, UnknownEventType
from saluhall.kit.environment import BadSetting
from saluhall.storage.backup.archive import BackupRefused
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.schema import WrongDatabase

REFUSED = 1
USAGE = 2
DATABASE = 69  # as EX_UNAVAILABLE of sysexits.h
SYSTEM = 74  # EX_IOERR
SETTINGS = 78  # EX_CONFIG
INTERRUPTED = 130  # as a shell reports SIGINT


class Refused(Exception):
    """The command cannot do this; the message is for the person who typed it."""


class WrongUsage(Exception):
    """The command line itself is wrong; the message says how it would be right."""


EXIT_CODES: dict[type[Exception], int] = {
    CycloptsError: USAGE,
    WrongUsage: USAGE,
    WrongDatabase: SETTINGS,
    DatabaseUnavailable: DATABASE,
    OSError: SYSTEM,
    Refused: REFUSED,
    AccountNotFound: REFUSED,
    AccountTaken: REFUSED,
    UserNotFound: REFUSED,
    SubjectTaken: REFUSED,
    BadSubject: REFUSED,
    BadTimeZone: REFUSED,
    BadCurrency: REFUSED,
    BadRate: REFUSED,
    ExpiresInPast: REFUSED,
    LastOwner: REFUSED,
    BadDeal: REFUSED,
    KeyNotFound: REFUSED,
    TooManyKeys: REFUSED,
    SessionNotFound: REFUSED,
    WeakPassword: REFUSED,
    CatalogTaken: REFUSED,
    CatalogNotFound: REFUSED,
    CatalogInUse: REFUSED,
    ConnectionNotFound: REFUSED,
    ListingsAreLive: REFUSED,
    ProductNotFound: REFUSED,
    OfferNotFound: REFUSED,
    OfferRefused: REFUSED,
    PolicyRefused: REFUSED,
    OrderNotFound: REFUSED,
    LineNotFound: REFUSED,
    MatchRefused: REFUSED,
    OrderCancelled: REFUSED,
    OrderShipped: REFUSED,
    ChangePending: REFUSED,
    TooManyUnits: REFUSED,
    TrackingWithoutCarrier: REFUSED,
    RefundRefused: REFUSED,
    TagRefused: REFUSED,
    NotSuspended: REFUSED,
    AccountBusy: REFUSED,
    BadEndpoint: REFUSED,
    UnknownEventType: REFUSED,
    EndpointNotFound: REFUSED,
    EntryNotFound: REFUSED,
    BackupRefused: REFUSED,
}
"""The message of each of these is one sentence; any other exception is a bug and ends in a traceback."""
_CODES = {USAGE: "usage", SETTINGS: "settings", DATABASE: "database_unavailable", SYSTEM: "system"}


class Failure(Struct, frozen=True, kw_only=True):
    """Why a command failed: `code` for programs, `message` for a person, and the exit code.

    For settings, `errors` has each that is wrong, and the message one line for each.
    """

    code: str
    message: str
    exit_code: int
    errors: tuple[dict[str, str], ...] = ()

    def write(self, *, as_json: bool) -> None:
        """Print one JSON object on standard output, or one sentence on standard error."""
        if as_json:
            error: dict[str, object] = {"code": self.code, "message": self.message}
            if self.errors:
                error["errors"] = self.errors
            sys.stdout.write(msgspec.json.encode({"error": error}).decode() + "\n")
        else:
            for line in self.message.splitlines():
                sys.stderr.write(f"saluhall: {line}\n")


def failure_from_error(error: Exception) -> Failure | None:
    """Return what to print for an error that a user can cause, None for any other."""
    if isinstance(error, BadSetting):
        lines = "\n".join(map(_one_line, error.errors))
        errors = shown_errors(error)
        return Failure(code="settings", message=lines, exit_code=SETTINGS, errors=errors)
    for kind, exit_code in EXIT_CODES.items():
        if isinstance(error, kind):
            code = _CODES.get(exit_code) or _snake_case(type(error).__name__)
            return Failure(code=code, message=_one_line(error), exit_code=exit_code)
    return None


def shown_errors(error: BadSetting) -> tuple[dict[str, str], ...]:
    """Return each wrong setting as a program reads it."""
    return tuple(
        {"setting": each.setting, "problem": each.problem, "remedy": each.remedy}
        for each in error.errors
    )


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether --json is among the options, also when the rest cannot be parsed."""
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def check_encoding(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not valid text. Raises WrongUsage."""
    for word in arguments:
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise WrongUsage(f"the argument {word!a} is not valid UTF-8")


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return f"{about}{error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
