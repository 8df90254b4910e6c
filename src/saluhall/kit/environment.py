"""Read one setting from the environment, or from the file that its `_FILE` twin names."""

from collections.abc import Mapping
from pathlib import Path


class BadSetting(Exception):
    """A setting cannot be understood; the message names it."""


def read_text(env: Mapping[str, str], name: str) -> str | None:
    """Return the setting, else the content of the file in `<name>_FILE`, else None.

    Raises BadSetting when the file cannot be read.
    """
    if value := env.get(name, "").strip():
        return value
    path = env.get(f"{name}_FILE", "").strip()
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except OSError as error:
        raise BadSetting(f"{name}_FILE: cannot read {path}: {error.strerror}") from error


def read_number(env: Mapping[str, str], name: str, *, default: int, least: int = 0) -> int:
    """Return the setting as a whole number of at least `least`. Raises BadSetting."""
    text = read_text(env, name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise BadSetting(f"{name}: must be a whole number of at least {least}, not {text!r}")
    return number
