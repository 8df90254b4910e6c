"""SALUHALL_*: read once at the start, then frozen and passed on."""

import os
import secrets
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from msgspec import Struct

from saluhall.kit.environment import (
    BadSetting,
    BadSettings,
    Setting,
    Table,
    Wrong,
    read_table,
)
from saluhall.kit.oidc_settings import JWT, OidcSettings
from saluhall.kit.values import (
    certificates,
    header_text,
    listen_address,
    networks,
    number,
    one_of,
    secret,
    switch,
    web_address,
    words,
)
from saluhall.storage.addresses import database_url, image_store

DATA_DIR = "SALUHALL_DATA_DIR"
DEFAULT_DATA_DIR = "saluhall-data"
LOG_LEVEL = "SALUHALL_LOG_LEVEL"
SECRET_KEY = "SALUHALL_SECRET_KEY"  # noqa: S105 - a name
KEY_FILE = "secret.key"
MIN_KEY_BYTES = 32
_PLATE = "{plate}"
_DAY_S = 86_400


def _vehicle_lookup(text: str) -> str:
    example = "https://plates.example/{plate}"
    web_address(schemes=("https",), example=example)(text.replace(_PLATE, "ABC123"))
    if _PLATE not in text:
        raise Wrong("the address has no {plate} in it", f"write an address such as {example}")
    return text


HUB: Table = {
    "data_dir": Setting(
        DATA_DIR,
        str,
        DEFAULT_DATA_DIR,
        "The folder for the hub's data.",
        "`saluhall-data` in the current folder",
    ),
    "database_url": Setting(
        "SALUHALL_DATABASE_URL", database_url, None, "A PostgreSQL of your own."
    ),
    "database_direct_url": Setting(
        "SALUHALL_DATABASE_DIRECT_URL", database_url, None, "The same database, past a pooler."
    ),
    "secret": Setting(
        SECRET_KEY,
        secret(MIN_KEY_BYTES),
        None,
        "Encrypts tokens and secrets.",
        "created once in `secret.key` of the data dir",
    ),
    "public_url": Setting(
        "SALUHALL_PUBLIC_URL",
        web_address(example="https://hub.example.com", query=False),
        None,
        "The address at which others reach the hub.",
        "where `serve` listens",
    ),
    "image_store": Setting(
        "SALUHALL_IMAGE_STORE",
        image_store,
        None,
        "Where images are kept.",
        "`images` in the data dir",
    ),
    "trusted_proxies": Setting(
        "SALUHALL_TRUSTED_PROXIES", networks, (), "Networks of the proxies before the hub."
    ),
    "connections_per_address": Setting(
        "SALUHALL_CONNECTIONS_PER_ADDRESS",
        number(1, 1_000_000),
        512,
        "Requests in progress from one address.",
    ),
    "metrics_listen": Setting(
        "SALUHALL_METRICS_LISTEN", listen_address, None, "An address for GET /metrics."
    ),
    "log_level": Setting(
        LOG_LEVEL,
        one_of("debug", "info", "warning", "error"),
        "info",
        "The lowest level of messages in the log.",
    ),
    "log_requests": Setting(
        "SALUHALL_LOG_REQUESTS", one_of("on", "slow", "off"), "slow", "Which requests are logged."
    ),
    "rate_limits": Setting("SALUHALL_RATE_LIMITS", switch, True, "Limit the requests of a key."),  # noqa: FBT003 - a default
    "legacy_api": Setting("SALUHALL_LEGACY_API", switch, True, "Serve Sellrapido's older API."),  # noqa: FBT003 - a default
    "poll_interval_s": Setting(
        "SALUHALL_POLL_INTERVAL_S", number(1, _DAY_S), 900, "Seconds between polls."
    ),
    "outbound_allow": Setting(
        "SALUHALL_OUTBOUND_ALLOW", networks, (), "Networks that are not public and may be called."
    ),
    "outbound_ca_file": Setting(
        "SALUHALL_OUTBOUND_CA_FILE", certificates, None, "Certificates to trust besides."
    ),
    "vehicle_lookup_url": Setting(
        "SALUHALL_VEHICLE_LOOKUP_URL", _vehicle_lookup, None, "Where number plates are looked up."
    ),
    "checkout_url": Setting(
        "SALUHALL_CHECKOUT_URL",
        web_address(schemes=("https",), example="https://pay.example/checkout"),
        None,
        "Where a page to pay on is requested.",
    ),
    "checkout_key": Setting("SALUHALL_CHECKOUT_KEY", header_text, None, "The bearer token there."),
    "webhook_retry_days": Setting(
        "SALUHALL_WEBHOOK_RETRY_DAYS", number(0, 365), 3, "Days of retries of a delivery."
    ),
    "webhook_log_days": Setting(
        "SALUHALL_WEBHOOK_LOG_DAYS", number(1, 3650), 30, "Days an attempt stays in the log."
    ),
    "webhook_replay_per_s": Setting(
        "SALUHALL_WEBHOOK_REPLAY_PER_S", number(1, 100_000), 100, "Events a second of a replay."
    ),
    "ai_url": Setting(
        "SALUHALL_AI_URL",
        web_address(example="https://models.example/v1", query=False),
        None,
        "An OpenAI-compatible endpoint.",
    ),
    "ai_key": Setting("SALUHALL_AI_KEY", header_text, None, "The bearer token there."),
    "ai_model": Setting("SALUHALL_AI_MODEL", words, "gpt-4o-mini", "The model to name."),
}
SETTINGS: tuple[Setting[object], ...] = (*HUB.values(), *JWT.values())
# A setting that has no effect without another.
_NEEDS = {
    "SALUHALL_DATABASE_DIRECT_URL": "SALUHALL_DATABASE_URL",
    "SALUHALL_AI_KEY": "SALUHALL_AI_URL",
    "SALUHALL_CHECKOUT_KEY": "SALUHALL_CHECKOUT_URL",
}


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator decided. `env` is what it was read from: channels read their own settings there."""

    data_dir: Path
    database_url: str | None
    database_direct_url: str | None
    secret: str | None
    public_url: str | None
    image_store: str
    outbound_allow: tuple[IPv4Network | IPv6Network, ...]
    outbound_ca_file: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    connections_per_address: int
    metrics_listen: tuple[str, int] | None
    log_level: str
    rate_limits: bool
    legacy_api: bool
    log_requests: Literal["on", "slow", "off"]
    poll_interval_s: int
    vehicle_lookup_url: str | None
    checkout_url: str | None
    checkout_key: str | None
    webhook_retry_days: int
    webhook_log_days: int
    webhook_replay_per_s: int
    ai_url: str | None
    ai_key: str | None
    ai_model: str
    trust: OidcSettings | None
    env: Mapping[str, str]

    @classmethod
    def read(cls, env: Mapping[str, str], *, data_dir: Path | None = None) -> "Settings":
        """Read the environment; `data_dir` from the command line wins. Raises BadSettings with every error."""
        settings, errors = cls.read_all(env, data_dir=data_dir)
        if errors:
            raise BadSettings(errors)
        return settings

    @classmethod
    def read_all(
        cls, env: Mapping[str, str], *, data_dir: Path | None = None
    ) -> "tuple[Settings, list[BadSetting]]":
        """Return the settings, and every error; a wrong setting has its default."""
        values, errors = read_table(env, HUB)
        errors += _missing(env)
        trust = None
        try:
            trust = OidcSettings.read(env)
        except BadSetting as error:
            errors += error.errors
        try:
            folder = _absolute(data_dir or Path(values["data_dir"]))
        except BadSetting as error:
            errors += error.errors
            folder = Path("/")
        store = values.pop("image_store") or str(folder / "images")
        values |= {"data_dir": folder, "image_store": store, "trust": trust, "env": dict(env)}
        return cls(**values), errors

    def secret_key(self) -> str:
        """Return the operator's key, else the one kept in the data dir, made at the first use. Raises BadSetting."""
        if self.secret:
            return self.secret
        file = self.data_dir / KEY_FILE
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return kept_key(file)
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            key = secrets.token_urlsafe(48)
            new.write(key)
        return key

    def kept_key(self) -> str | None:
        """Return the operator's key, else the one kept in the data dir, and None where there is none. Raises BadSetting."""
        file = self.data_dir / KEY_FILE
        return self.secret or (kept_key(file) if file.exists() else None)


def kept_key(file: Path) -> str:
    """Read the key that is kept in the data dir. Raises BadSetting."""
    restore = f"restore it from a backup, or set {SECRET_KEY}"
    try:
        key = file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise BadSetting(DATA_DIR, f"{file} is not a file of text", restore) from error
    except OSError as error:
        problem = f"cannot read {file}: {error.strerror}"
        raise BadSetting(DATA_DIR, problem, "run this as the user who owns it") from error
    if not key:
        raise BadSetting(DATA_DIR, f"{file} is empty", restore)
    return key


def _absolute(folder: Path) -> Path:
    try:
        return folder.expanduser().absolute()
    except (OSError, RuntimeError) as error:
        problem = f"{str(folder)!r} cannot be found from here: {error}"
        raise BadSetting(DATA_DIR, problem, "write a path that begins with /") from error


def _missing(env: Mapping[str, str]) -> list[BadSetting]:
    """Find settings that have no effect because another is not set."""
    return [
        BadSetting(name, f"it has no effect without {needed}", f"set {needed} too, or remove it")
        for name, needed in _NEEDS.items()
        if _is_set(env, name) and not _is_set(env, needed)
    ]


def _is_set(env: Mapping[str, str], name: str) -> bool:
    return bool(env.get(name, "").strip() or env.get(f"{name}_FILE", "").strip())
