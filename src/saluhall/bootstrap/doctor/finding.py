"""What the doctor says of one thing."""

from enum import StrEnum

from msgspec import Struct, field


class Result(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(Struct, frozen=True):
    """One check: what was checked, how it is, and what to do where it is not right."""

    name: str
    result: Result = field(name="verdict")
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> Finding:
    """Say that something is right."""
    return Finding(name, Result.OK, message)


def warning(name: str, message: str, remedy: str) -> Finding:
    """Say that something should be changed, although the hub works."""
    return Finding(name, Result.WARNING, message, remedy)


def error(name: str, message: str, remedy: str) -> Finding:
    """Say that the hub cannot work like this."""
    return Finding(name, Result.ERROR, message, remedy)
