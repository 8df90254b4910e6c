"""`saluhall doctor`: everything that the hub needs, each with a result and a remedy."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from saluhall.bootstrap.doctor import Result
from saluhall.bootstrap.doctor.database import _findings
from saluhall.bootstrap.doctor.network import Asked, findings_from_asked
from saluhall.storage.inspection import Inspection
from tests.cli.command import Ran, Saluhall
from tests.hub import Hub
from tests.postgres import Postgres
from tests.shop import SECRET_KEY

FINE = Inspection(
    version="18.1",
    is_read_only=False,
    is_made_before=False,
    missing=[],
    newer=[],
    latency_s=0.001,
    clock_ahead_s=0.1,
)


def examined(saluhall: Saluhall, code: int = 0) -> dict[str, dict[str, Any]]:
    """The checks by their names; each that is not right has a remedy."""
    return checks_of(saluhall.here("doctor", "--json"), code)


def checks_of(ran: Ran, code: int) -> dict[str, dict[str, Any]]:
    assert ran.code == code, ran.out + ran.err
    answer = json.loads(ran.out)
    assert answer["ok"] is (code == 0)
    checks = answer["checks"]
    assert all(check["remedy"] for check in checks if check["verdict"] != "ok")
    return {check["name"]: check for check in checks}


async def test_beside_a_running_hub_all_is_well(hub: Hub) -> None:
    shop = await hub.open_selling_shop()
    await shop.put("DOCTOR", imageUrls=[f"{hub.partner.url}/1.jpg"])
    await hub.settle(account_id=shop.principal.account_id)

    answer = await hub.cli("doctor")

    assert answer["ok"] is True
    checks = {check["name"]: check["verdict"] for check in answer["checks"]}
    wanted = {
        *("settings", "data dir: permissions", "image store", "certificates: CA file"),
        *("database: reachable", "database: schema", "database: write"),
        *("background: workers", "background: work", "outbound: Tradera"),
    }
    assert {name for name in wanted if checks[name] != "ok"} == set()


def test_before_the_first_start_nothing_is_made(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data", {"SALUHALL_TRADERA_URL": "http://127.0.0.1:1"})

    checks = examined(saluhall)

    assert checks["database"]["message"] == "there is none yet; the first start makes it"
    assert checks["outbound: Tradera"]["verdict"] == "warning"
    assert not (tmp_path / "data").exists()


def test_wrong_settings_are_named_with_exit_code_78(tmp_path: Path) -> None:
    checks = examined(Saluhall(tmp_path / "data", {"SALUHALL_SECRET_KEY": "x"}), code=78)

    assert checks["SALUHALL_SECRET_KEY"]["verdict"] == "error"


async def test_what_the_hub_cannot_work_with_is_an_error_with_a_remedy(
    hub: Hub, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    (folder / "secret.key").write_text(SECRET_KEY)
    (folder / "secret.key").chmod(0o644)
    ca_file = tmp_path / "expired.pem"
    ca_file.write_bytes(expired_certificate())
    env = {
        "SALUHALL_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x",
        "SALUHALL_PUBLIC_URL": hub.partner.url,
        "SALUHALL_OUTBOUND_CA_FILE": str(ca_file),
        "SALUHALL_OUTBOUND_ALLOW": "0.0.0.0/0",
        "SALUHALL_TRADERA_URL": hub.market.url,
    }
    saluhall = Saluhall(folder, env)

    # The partner serves in this thread.
    as_json, as_text = await asyncio.gather(
        asyncio.to_thread(saluhall.start, "doctor", "--json"),
        asyncio.to_thread(saluhall.start, "doctor"),
    )
    checks, text = checks_of(as_json, code=1), as_text.out

    errors = {name for name, check in checks.items() if check["verdict"] == "error"}
    assert errors == {"data dir: permissions", "database: reachable", "certificates: public URL"}
    assert "Connection refused" in checks["database: reachable"]["message"]
    assert checks["certificates: CA file"]["message"] == "expired: CN=old"
    assert checks["settings"]["verdict"] == "warning"
    assert "hidden" not in text
    assert f"-> chmod 600 {folder / 'secret.key'}" in text


@pytest.mark.parametrize("is_empty", [True, False], ids=["no schema", "a newer schema"])
def test_the_schema_is_compared_with_what_this_version_knows(
    is_empty: bool,  # noqa: FBT001 - of the table above
    postgres: Postgres,
    tmp_path: Path,
) -> None:
    url = postgres.new_database(empty=is_empty)
    if not is_empty:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("insert into schema_migrations values ('9999_later.sql', 'later')")
    saluhall = Saluhall(tmp_path, {"SALUHALL_DATABASE_URL": url, "SALUHALL_SECRET_KEY": SECRET_KEY})

    schema = examined(saluhall, code=0 if is_empty else 1)["database: schema"]

    assert schema["verdict"] == ("warning" if is_empty else "error")
    assert ("saluhall migrate" if is_empty else "newer") in schema["remedy"]


@pytest.mark.parametrize(
    ("change", "name", "result"),
    [
        ({}, "", Result.OK),
        ({"is_read_only": True}, "database: write", Result.ERROR),
        ({"is_made_before": True}, "database: schema", Result.ERROR),
        ({"latency_s": 0.2}, "database: latency", Result.WARNING),
        ({"clock_ahead_s": 5.0}, "database: clock", Result.WARNING),
        ({"clock_ahead_s": -5.0}, "database: clock", Result.WARNING),
    ],
)
def test_a_database_is_judged_by_what_was_seen(
    change: dict[str, Any], name: str, result: Result
) -> None:
    found = _findings(
        Inspection(**{field: getattr(FINE, field) for field in FINE.__struct_fields__} | change)
    )

    assert {each.name: each.result for each in found if each.result is not Result.OK} == (
        {name: result} if name else {}
    )


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (Asked("outbound: T", "t", "https://t.example", 404), Result.OK),
        (Asked("outbound: T", "t", "https://t.example", 503), Result.WARNING),
        (Asked("outbound: T", "t", "https://t.example", None, "No such host"), Result.ERROR),
        (Asked("outbound: U", "u", "https://u.example", None, "No such host"), Result.WARNING),
    ],
)
def test_a_channel_that_nobody_uses_may_be_out_of_reach(asked: Asked, result: Result) -> None:
    [finding] = findings_from_asked([asked], used={"t"})

    assert finding.result is result


def expired_certificate() -> bytes:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now - timedelta(days=2),
        not_valid_after=now - timedelta(days=1),
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
