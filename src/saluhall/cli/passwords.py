"""Read passwords and tokens where other users of the machine cannot see them."""

import sys
from getpass import getpass
from typing import Annotated

from cyclopts import Parameter

from saluhall.cli.failures import Refused, WrongUsage
from saluhall.domain.sessions.model import MIN_PASSWORD_LENGTH

STDIN = "-"
_HOW = "'-' reads one line from standard input; without the option, you are asked at a terminal."
NewPassword = Annotated[
    str | None,
    Parameter(
        help=f"The password, of at least {MIN_PASSWORD_LENGTH} characters. {_HOW}",
        allow_leading_hyphen=True,
    ),
]
Token = Annotated[
    str | None,
    Parameter(help=f"The token of the seller's login. {_HOW}", allow_leading_hyphen=True),
]


def read_secret(option: str, value: str | None, *, twice: bool = False) -> str:
    """Return the value of a secret option: the option's own, a line of standard input, or what a person types.

    `twice` asks a person two times, for a new password. Raises WrongUsage, Refused.
    """
    if value == STDIN:
        return read_line(option)
    if value is not None and value.startswith("--"):
        raise WrongUsage(f"{option} has no value: {value} follows it")
    if value is not None:
        sys.stderr.write(
            f"saluhall: warning: other users of this machine can see the value of {option};"
            f" `{option} -` reads it from standard input\n"
        )
        return value
    if not sys.stdin.isatty():
        raise WrongUsage(f"{option} is missing: `{option} -` reads it from standard input")
    return _asked(option, twice=twice)


def read_line(option: str) -> str:
    """Read one line of standard input. Raises WrongUsage."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise WrongUsage(f"{option} - found no line on standard input")
    return line


def _asked(option: str, *, twice: bool) -> str:
    name = option.lstrip("-").replace("-", " ")
    try:
        given = getpass(f"{name.capitalize()}: ")
        if twice and getpass(f"{name.capitalize()} again: ") != given:
            raise Refused(f"the two entries of the {name} differ")
    except EOFError as error:
        raise WrongUsage(f"{option} is missing") from error
    if not given:
        raise WrongUsage(f"{option} is empty")
    return given
