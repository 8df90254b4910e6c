"""Find variables that look like settings and are none, and the setting that was probably meant."""

import re
from collections.abc import Collection, Mapping

from saluhall.kit.environment import BadSetting

PREFIX = "SALUHALL_"
# Set by our own processes for each other, and by the tests.
_INTERNAL = re.compile(r"SALUHALL_(?:CHILD|DIE_WITH_PARENT|LIFE_PIPE|TEST_\w+)")
# Kubernetes sets these for every service with a name that begins with "saluhall".
_SERVICE = re.compile(
    r"SALUHALL_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)"
)
_SERVICE_PORT = re.compile(r"(?:tcp|udp|sctp)://.*")
_CUTOFF = 0.7
_OPTIONS = {
    "SALUHALL_HOST": "--host",
    "SALUHALL_PORT": "--port",
    "SALUHALL_PROCESSES": "--processes",
}


def unknown_settings(env: Mapping[str, str], known: Collection[str]) -> list[BadSetting]:
    """Return an error for each variable that begins with SALUHALL_ and is no setting."""
    names = [name for name in env if name.upper().startswith(PREFIX)]
    return [_unknown(name, known) for name in sorted(names) if not _is_known(name, env, known)]


def _is_known(name: str, env: Mapping[str, str], known: Collection[str]) -> bool:
    if name in known or name.removesuffix("_FILE") in known:
        return True
    if name.endswith("_PORT") and _SERVICE_PORT.fullmatch(env[name]):
        return True
    return bool(_INTERNAL.fullmatch(name) or _SERVICE.fullmatch(name))


def _unknown(name: str, known: Collection[str]) -> BadSetting:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a message

    if option := _OPTIONS.get(name.upper()):
        return BadSetting(name, "there is no such setting", f"use `saluhall serve {option}`")
    near = {name.removeprefix(PREFIX): name for name in known}
    near |= {f"{short}_FILE": f"{name}_FILE" for short, name in near.items()}
    found = get_close_matches(name.upper().removeprefix(PREFIX), near, n=1, cutoff=_CUTOFF)
    guide = "remove it; docs/guide/settings.md lists the settings"
    remedy = f"did you mean {near[found[0]]}?" if found else guide
    return BadSetting(name, "there is no such setting", remedy)
