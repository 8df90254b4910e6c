"""SALUHALL_*: read once at the top, frozen, handed down."""

import os
import secrets
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from msgspec import Struct

from saluhall.kit.environment import BadSetting, read_number, read_text
from saluhall.kit.trust import Trust

DEFAULT_DATA_DIR = "saluhall-data"
_KEY_FILE = "secret.key"
_LAST_PORT = 65535


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator decided. `env` is what it was read from: channels read their own settings there."""

    data_dir: Path
    database_url: str | None
    database_direct_url: str | None
    public_url: str | None
    image_store: str
    outbound_allow: tuple[IPv4Network | IPv6Network, ...]
    outbound_ca_file: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    connections_per_address: int
    metrics_listen: tuple[str, int] | None
    rate_limits: bool
    legacy_api: bool
    poll_interval_s: int
    webhook_retry_days: int
    webhook_log_days: int
    webhook_replay_per_s: int
    ai_url: str | None
    ai_key: str | None
    ai_model: str
    trust: Trust | None
    env: Mapping[str, str]

    @classmethod
    def read(cls, env: Mapping[str, str], *, data_dir: Path | None = None) -> "Settings":
        """Read the environment; `data_dir` from the command line wins. Raises BadSetting."""
        named = read_text(env, "SALUHALL_DATA_DIR") or DEFAULT_DATA_DIR
        folder = (data_dir or Path(named)).absolute()
        public_url = read_text(env, "SALUHALL_PUBLIC_URL")
        ca_file = read_text(env, "SALUHALL_OUTBOUND_CA_FILE")
        return cls(
            data_dir=folder,
            database_url=read_text(env, "SALUHALL_DATABASE_URL"),
            database_direct_url=_direct_url(env),
            public_url=public_url.rstrip("/") if public_url else None,
            image_store=read_text(env, "SALUHALL_IMAGE_STORE") or str(folder / "images"),
            outbound_allow=_networks(env, "SALUHALL_OUTBOUND_ALLOW"),
            outbound_ca_file=Path(ca_file) if ca_file else None,
            trusted_proxies=_networks(env, "SALUHALL_TRUSTED_PROXIES"),
            connections_per_address=read_number(
                env, "SALUHALL_CONNECTIONS_PER_ADDRESS", default=512, least=1
            ),
            metrics_listen=_address(env, "SALUHALL_METRICS_LISTEN"),
            rate_limits=_switch(env, "SALUHALL_RATE_LIMITS"),
            legacy_api=_switch(env, "SALUHALL_LEGACY_API"),
            poll_interval_s=read_number(env, "SALUHALL_POLL_INTERVAL_S", default=900, least=1),
            webhook_retry_days=read_number(env, "SALUHALL_WEBHOOK_RETRY_DAYS", default=3),
            webhook_log_days=read_number(env, "SALUHALL_WEBHOOK_LOG_DAYS", default=30, least=1),
            webhook_replay_per_s=read_number(
                env, "SALUHALL_WEBHOOK_REPLAY_PER_S", default=100, least=1
            ),
            ai_url=read_text(env, "SALUHALL_AI_URL"),
            ai_key=read_text(env, "SALUHALL_AI_KEY"),
            ai_model=read_text(env, "SALUHALL_AI_MODEL") or "gpt-4o-mini",
            trust=Trust.read(env),
            env=dict(env),
        )

    def secret_key(self) -> str:
        """Return the operator's key, else the one kept in the data dir, made at the first use. Raises BadSetting."""
        if key := read_text(self.env, "SALUHALL_SECRET_KEY"):
            return key
        file = self.data_dir / _KEY_FILE
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _kept_key(file)
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            key = secrets.token_urlsafe(48)
            new.write(key)
        return key

    def kept_key(self) -> str | None:
        """Return the operator's key, else the one kept in the data dir, and None where there is none. Raises BadSetting."""
        file = self.data_dir / _KEY_FILE
        given = read_text(self.env, "SALUHALL_SECRET_KEY")
        return given or (_kept_key(file) if file.exists() else None)


def _direct_url(env: Mapping[str, str]) -> str | None:
    url = read_text(env, "SALUHALL_DATABASE_DIRECT_URL")
    if url and not read_text(env, "SALUHALL_DATABASE_URL"):
        raise BadSetting("SALUHALL_DATABASE_DIRECT_URL: set SALUHALL_DATABASE_URL too")
    return url


def _kept_key(file: Path) -> str:
    key = file.read_text(encoding="utf-8").strip()
    if not key:
        raise BadSetting(f"{file} is empty: restore it, or set SALUHALL_SECRET_KEY")
    return key


def _networks(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    text = read_text(env, name) or ""
    try:
        return tuple(
            ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()
        )
    except ValueError as error:
        raise BadSetting(f"{name}: {error}") from error


def _address(env: Mapping[str, str], name: str) -> tuple[str, int] | None:
    """Read where to listen: `127.0.0.1:9464`, or `[::1]:9464`. Raises BadSetting."""
    text = read_text(env, name)
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isdecimal() and 0 < int(port) <= _LAST_PORT):
        raise BadSetting(f"{name}: must be HOST:PORT, such as 127.0.0.1:9464, not {text!r}")
    return host, int(port)


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = (read_text(env, name) or "on").lower()
    if value not in {"on", "off"}:
        raise BadSetting(f"{name}: must be 'on' or 'off', not {value!r}")
    return value == "on"
