"""Read settings from the environment, or from the files that their `_FILE` twins name."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
_MAX_FILE_BYTES = 64 * 1024


class BadSetting(Exception):
    """A setting cannot be used: its name, what is wrong, and what would be right."""

    def __init__(self, setting: str, problem: str, remedy: str) -> None:
        super().__init__(f"{setting}: {problem}; {remedy}")
        self.setting = setting
        self.problem = problem
        self.remedy = remedy

    @property
    def errors(self) -> "tuple[BadSetting, ...]":
        """Return the errors of single settings in this one."""
        return (self,)


class BadSettings(BadSetting):
    """At least one setting cannot be used; the message has one line for each."""

    def __init__(self, errors: Sequence[BadSetting]) -> None:
        Exception.__init__(self, "\n".join(map(str, errors)))
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[BadSetting, ...]:
        """Return the errors of single settings."""
        return self._errors


class Wrong(Exception):
    """A text cannot be a setting's value: what is wrong, and what would be right."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class Setting(Struct, Generic[T], frozen=True):
    """One setting: its variable, how its text becomes a value, its default, and what it means.

    `shown` is the default as the guide prints it, where that is not the value.
    """

    name: str
    read: Callable[[str], T]
    default: T | None
    meaning: str
    shown: str = ""

    def value(self, env: Mapping[str, str]) -> T | None:
        """Return what is set, else the default. Raises BadSetting."""
        text = read_text(env, self.name)
        if text is None:
            return self.default
        try:
            return self.read(text)
        except Wrong as error:
            raise BadSetting(self.name, error.problem, error.remedy) from error


Table = Mapping[str, Setting[Any]]


def read_table(env: Mapping[str, str], table: Table) -> tuple[dict[str, Any], list[BadSetting]]:
    """Return the value of each setting by the table's key, and every error; a wrong setting has its default."""
    values: dict[str, Any] = {}
    errors: list[BadSetting] = []
    for field, setting in table.items():
        try:
            values[field] = setting.value(env)
        except BadSetting as error:
            values[field] = setting.default
            errors += error.errors
    return values, errors


def read_text(env: Mapping[str, str], name: str) -> str | None:
    """Return the setting, else the content of the file in `<name>_FILE`, else None. Raises BadSetting."""
    value, path = env.get(name, "").strip(), env.get(f"{name}_FILE", "").strip()
    if value and path:
        raise BadSetting(
            name, f"it is set, and {name}_FILE is set too", f"remove {name} or {name}_FILE"
        )
    if not path:
        return value or None
    text = _content(f"{name}_FILE", path)
    if not text:
        raise BadSetting(f"{name}_FILE", f"the file {path!r} is empty", "write the value into it")
    return text


def _content(name: str, path: str) -> str:
    """Read a small file of text. Raises BadSetting."""
    remedy = "name a file of text that this user can read"
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise BadSetting(name, f"{path!r} is not a regular file", remedy)
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        text = content.decode()
    except OSError as error:
        problem = f"cannot read {path!r}: {os.strerror(error.errno or 0)}"
        raise BadSetting(name, problem, remedy) from error
    except UnicodeDecodeError as error:
        raise BadSetting(name, f"the file {path!r} is not valid UTF-8", remedy) from error
    if len(content) > _MAX_FILE_BYTES:
        raise BadSetting(name, f"the file {path!r} has more than 64 KiB", remedy)
    return text.strip()
