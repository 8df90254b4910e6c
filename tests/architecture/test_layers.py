"""Translation is pure, and a dialect has layers: modules are found by the patterns of their names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests.architecture.source import PACKAGE, module_of, python_files, shown, tree_of

PURE = re.compile(
    r"model|\w+_model|translate(_\w+)?|wire(_\w+)?|\w+_words|mapping|lifecycle|steps|plan|allocation|pricing|order_layout|order_product"
)
# Modules, and names in modules, that do I/O or read the clock, the settings or the database.
IMPURE = re.compile(
    r"saluhall\.(storage|queue|settings|web|kit\.http(?!\.(?:check_url|NotAllowed)$))(\.\w+)*"
    r"|saluhall\.kit\.clock\.(utc_now|steady_s|unix_ms|HubClock)"
    r"|saluhall\.(domain|channels)\.(\w+\.)*(operations|queries|client|\w*store)(\.\w+)*"
    r"|(aiohttp|asyncio|httpx|litestar|os|pathlib|psycopg|socket|subprocess|time|urllib\.request)(\.\w+)*"
)
SIDES = ("saluhall.dialects.", "saluhall.channels.", "saluhall.domain.")
# What shapes are declared with: tables of fields, and other shapes.
SHAPES = re.compile(r"wire(_\w+)?|\w+_fields")


def imported_by(tree: ast.Module) -> Iterator[str]:
    """Yield the full names of what a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def impurities(tree: ast.Module) -> set[str]:
    found = {name for name in imported_by(tree) if IMPURE.fullmatch(name)}
    found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    return found | {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"datetime.now", "datetime.utcnow", "date.today"}
    }


@cache
def pure_files() -> list[Path]:
    files = (file for file in python_files("src") if module_of(file).startswith(SIDES))
    return [file for file in files if PURE.fullmatch(file.stem)]


def test_translation_does_no_io_and_reads_no_clock_and_no_settings() -> None:
    assert {module_of(file).split(".")[1] for file in pure_files()} == {
        "dialects",
        "channels",
        "domain",
    }
    found = {shown(file): impurities(tree_of(file)) for file in pure_files()}

    assert {name: names for name, names in found.items() if names} == {}


def test_what_a_dialects_translation_imports_from_its_own_folder_is_as_pure() -> None:
    graph = grimp.build_graph("saluhall")
    modules = (module_of(file) for file in pure_files())
    todo = [module for module in modules if module.startswith("saluhall.dialects.")]
    seen: set[str] = set()
    while todo:
        module = todo.pop()
        home = module.rpartition(".")[0] + "."
        if module not in seen:
            seen.add(module)
            todo += [
                m for m in graph.find_modules_directly_imported_by(module) if m.startswith(home)
            ]
    files = [file for file in python_files("src") if module_of(file) in seen]
    found = {shown(file): impurities(tree_of(file)) for file in files}

    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from saluhall.storage import Transaction", {"saluhall.storage.Transaction"}),
        ("from saluhall.kit.clock import utc_now", {"saluhall.kit.clock.utc_now"}),
        ("from saluhall.kit.http import Outbound", {"saluhall.kit.http.Outbound"}),
        ("import saluhall.settings", {"saluhall.settings"}),
        ("from saluhall.domain.orders import store", {"saluhall.domain.orders.store"}),
        ("async def read() -> None: ...", {"read"}),
        ("at = datetime.now(UTC)", {"datetime.now"}),
        ("from saluhall.kit.clock import iso_from_instant", set()),
        ("from saluhall.domain.orders.model import Order", set()),
    ],
)
def test_an_impure_module_is_found(source: str, names: set[str]) -> None:
    assert impurities(ast.parse(source)) == names


def has_routes(file: Path) -> bool:
    """Return whether a module declares routes."""
    for node in tree_of(file).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "ROUTES" for target in targets):
            return True
    return False


def layer_of(file: Path) -> int:
    """Return how high a file of a dialect is: shapes, then the rest, then routes, then their list, then the dialect itself."""
    if file.stem == "__init__":
        return 4
    if file.stem == "routes":
        return 3
    if has_routes(file):
        return 2
    return 0 if SHAPES.fullmatch(file.stem) else 1


def test_in_a_dialect_routes_are_over_translation_over_shapes() -> None:
    graph = grimp.build_graph("saluhall")
    files = {module_of(file): file for file in sorted((PACKAGE / "dialects").glob("*/*.py"))}

    assert {layer_of(file) for file in files.values()} == {0, 1, 2, 3, 4}
    for module, file in files.items():
        own = graph.find_modules_directly_imported_by(module) & files.keys()
        higher = {m for m in own if layer_of(files[m]) > layer_of(file)}
        assert higher == set(), module
        routes = {m for m in own if layer_of(files[m]) == layer_of(file) == 2}
        assert routes == set(), f"{module}: a module with routes does not know another"
