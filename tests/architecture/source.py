"""The product's source, read as text and as syntax trees: guards look at modules, not at what happens to be imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "saluhall"
DOMAIN = PACKAGE / "domain"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    found = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return sorted(file for file in found if not _is_hidden(file))


def _is_hidden(file: Path) -> bool:
    """Return whether somebody else's code was installed there: `bench/peers/.cache`."""
    return any(part.startswith(".") for part in file.relative_to(ROOT).parts)


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def public_async_functions(file: Path) -> Iterator[ast.AsyncFunctionDef]:
    for node in tree_of(file).body:
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))
