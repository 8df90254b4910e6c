"""Every statement that the code runs, found where a transaction is asked to run it."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from types import ModuleType

import msgspec
from msgspec import Struct

from saluhall.dialects.sellrapido.export import DEFAULT_FIELDS
from saluhall.dialects.sellrapido.order_layout import LAYOUT
from saluhall.dialects.sellrapido.product_fields import SHOWN
from saluhall.domain.attention.kinds import KINDS
from saluhall.domain.listings import pages_store, submissions_store
from saluhall.domain.listings.page_model import START, Filter
from saluhall.domain.orders import extraction as orders
from saluhall.domain.products import extraction as products
from saluhall.domain.products.model import Status
from saluhall.domain.removals import store as removals_store
from saluhall.domain.webhooks import deliveries_store
from saluhall.jobs.schedule import JOBS
from tests.architecture.source import module_of, python_files, tree_of

_ASKED = {"one": 1, "all": 1, "run": 0, "stream": 0}  # which argument is the statement
_PARAMETER = re.compile(r"%\((\w+)\)s")
_FILTERS: Mapping[str, object] = {
    "status": Status.ACTIVE,
    "parent_sku": "SKU-1",
    "changed_since": START.at,
    "code": ("oem", "1"),
}


class Statement(Struct, frozen=True):
    """A statement as the code has it."""

    name: str
    text: str

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, in the order of their first use."""
        return list(dict.fromkeys(_PARAMETER.findall(self.text)))

    @property
    def numbered(self) -> str:
        """The text with `$1` for the first parameter, as the driver sends it."""
        places = {name: f"${place}" for place, name in enumerate(self.parameters, start=1)}
        return _PARAMETER.sub(lambda found: places[found[1]], self.text).replace("%%", "%")


def every_statement() -> list[Statement]:
    """List those in the code, and of those that are put together when they are run all kinds that matter to a plan."""
    static = {
        f"{module.__name__.removeprefix('saluhall.')}.{name}": getattr(module, name)
        for module, name, _ in _asked()
        if _is_static(module, name)
    }
    made = [pair for variants in PUT_TOGETHER.values() for pair in variants]
    return [
        Statement(name, text)
        for name, text in [*static.items(), *made]
        if not text.startswith("lock table ")  # it has no plan
    ]


def put_together() -> set[str]:
    """Find the functions that put a statement together."""
    return {
        f"{module.__name__.removeprefix('saluhall.')}.{function}"
        for module, name, function in _asked()
        if not _is_static(module, name)
    }


def _is_static(module: ModuleType, name: str) -> bool:
    return name.isidentifier() and isinstance(getattr(module, name, None), str)


def _asked() -> Iterator[tuple[ModuleType, str, str]]:
    """Walk the calls: module, what is in place of the statement, function."""
    for file in python_files("src/saluhall"):
        tree = tree_of(file)
        for function in ast.walk(tree):
            if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                for argument in _statements_in(function):
                    yield (
                        importlib.import_module(module_of(file)),
                        ast.unparse(argument),
                        function.name,
                    )


def _statements_in(function: ast.AST) -> Iterator[ast.expr]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            method = call.func.attr
            if ast.unparse(call.func.value) == "tx" and method in _ASKED:
                yield call.args[_ASKED[method]]


def _some(names: Mapping[str, object], *, most: int = 2) -> list[tuple[str, ...]]:
    """Choose none of these, and one, and so on."""
    return [chosen for count in range(most + 1) for chosen in combinations(names, count)]


def _pages(shape: str) -> list[tuple[str, str]]:
    wanted = {c: Filter(**{n: _FILTERS[n] for n in c}) for c in _some(_FILTERS)}  # type: ignore[arg-type]
    return [
        (f"{'+'.join(c)}", shape.format(found=pages_store._found(f))) for c, f in wanted.items()
    ]


def _named(name: str, variants: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"{name}[{variant}]", text) for variant, text in variants]


_LINES = products.Layout(
    columns={name: SHOWN[name] for name in DEFAULT_FIELDS}, field_separator="|", row_separator="\n"
)
_LINES_OF_ALL_FIELDS = msgspec.structs.replace(_LINES, columns=SHOWN)
PUT_TOGETHER: Mapping[str, list[tuple[str, str]]] = {
    "domain.attention.facts_store.read": [(f"attention {kind.name}", kind.statement) for kind in KINDS],
    "domain.listings.submissions_store._written": [
        ("listings save progress", submissions_store.SAVE_FREE),
        ("listings submit", submissions_store.SUBMIT_FREE),
    ],
    "domain.listings.pages_store.page": _named("page", _pages(pages_store._PAGE)),
    "domain.listings.pages_store.count": [
        ("page kept count", pages_store.KEPT_COUNT),
        *_named("page count", _pages(pages_store._COUNT)),
    ],
    "domain.orders.store.as_json": [
        (f"orders json[{'+'.join(c)}]", orders.json_statement(LAYOUT, c)) for c in _some(orders.CONDITIONS, most=1)
    ],
    "domain.orders.store.as_csv": [
        (f"orders csv[{'+'.join(c)}]", orders.csv_statement(LAYOUT, c)) for c in _some(orders.CONDITIONS, most=1)
    ],
    "domain.orders.store.count": [
        (f"orders count[{'+'.join(c)}]", orders.count_statement(c)) for c in _some(orders.CONDITIONS, most=1)
    ],
    "domain.products.extraction.lines_of_products": [
        (f"product lines[{catalog=:d} {published=:d} {len(lines.columns)}]",
         products.lines_statement(lines, of_catalog=catalog, published=published))
        for lines in (_LINES, _LINES_OF_ALL_FIELDS) for catalog in (False, True) for published in (False, True)
    ],
    "domain.removals.store.delete_account": [
        (f"removal {number}", statement) for number, statement in enumerate(removals_store.DELETIONS)
    ],
    "domain.webhooks.deliveries_store.read_log": [
        (f"log[{'+'.join(c)}]",
         deliveries_store.LOG.format(and_filters="".join(f"and {deliveries_store._FILTERS[n]} " for n in c)))
        for c in _some(deliveries_store._FILTERS, most=1)
    ],
    "jobs.schedule.sweep": [(f"{job.name} due keys", job.rows.due_keys) for job in JOBS],
    "storage.claims.release": [(f"{job.name} release", job.rows.release) for job in JOBS],
    "storage.claims.release_key": [(f"{job.name} release", job.rows.release_key) for job in JOBS],
    "jobs.due.measure": [(f"{job.name} measure", job.rows.measure) for job in JOBS],
    "storage.schema.is_current": [],  # about migrations, at a start
    "storage.statistics.analyze_grown": [],  # ANALYZE
}  # fmt: skip
