"""saluhall channel new: write the folder of a new channel, its practice server and its counterpart into a checkout."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

from saluhall.cli.failures import Refused, WrongUsage

TEMPLATES = Path(__file__).parent / "channel_template"
ENTRY_POINTS = '[project.entry-points."saluhall.channels"]\n'
NAME = re.compile(r"[a-z][a-z0-9]{1,29}")
FOLDERS = {
    "channel": "src/saluhall/channels",
    "practice": "src/saluhall/practice",
    "tests": "tests/channels",
}


def write_channel(name: str, root: Path) -> list[Path]:
    """Write a channel that works with its own practice server; return the files. Raises Refused, WrongUsage."""
    if not NAME.fullmatch(name):
        raise WrongUsage(f"{name!r} must be 2 to 30 small letters and digits, a letter first")
    project = root / "pyproject.toml"
    text = project.read_text(encoding="utf-8") if project.exists() else ""
    if ENTRY_POINTS not in text:
        raise Refused(f"{root} is not a checkout of Saluhall: name one with --in")
    files = {root / folder / name: part for part, folder in FOLDERS.items()}
    taken = next((folder for folder in files if folder.exists()), None)
    if taken is not None:
        raise Refused(f"{taken} exists already; choose another name")
    words = {"name": name, "Name": name.title(), "Class": f"{name.title()}Channel"}
    words["NAME"] = name.upper()
    written = [
        file for folder, part in files.items() for file in _write(TEMPLATES / part, folder, words)
    ]
    line = f'{name} = "saluhall.channels.{name}:CHANNEL"\n'
    project.write_text(text.replace(ENTRY_POINTS, ENTRY_POINTS + line), encoding="utf-8")
    return [*written, project]


def _write(templates: Path, folder: Path, words: Mapping[str, str]) -> list[Path]:
    folder.mkdir(parents=True)
    written = []
    for template in sorted(templates.glob("*.tmpl")):
        file = folder / template.name.removesuffix(".tmpl")
        filled = Template(template.read_text(encoding="utf-8")).substitute(words)
        file.write_text(filled, encoding="utf-8")
        written.append(file)
    return written
