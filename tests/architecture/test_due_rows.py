"""Work that must still happen is a row that is due: every kind has one job, and the sweeper knows it."""

import ast
import importlib
import re

from saluhall.jobs.due import DUE_ROWS
from saluhall.jobs.run import Job
from saluhall.jobs.schedule import JOBS
from tests.architecture.source import PACKAGE, module_of, python_files, tree_of

MIGRATIONS = PACKAGE / "storage" / "migrations"
_TABLE = re.compile(r"create (?:unlogged )?table (\w+) \((.*?)\n\)", re.DOTALL)
_COLUMN = re.compile(r"^\s*(\w*due_at) timestamptz", re.MULTILINE)
_ADDED = re.compile(r"alter table (\w+)\s+add column (\w*due_at) timestamptz")


def kinds_of_due_rows() -> list[tuple[str, str]]:
    sql = "\n".join(file.read_text() for file in sorted(MIGRATIONS.glob("*.sql")))
    created = [
        (table, column)
        for table, columns in _TABLE.findall(sql)
        for column in _COLUMN.findall(columns)
    ]
    return sorted(created + _ADDED.findall(sql))


def test_every_kind_of_due_row_has_exactly_one_job_that_the_sweep_knows() -> None:
    assert sorted((rows.table, rows.due) for rows in DUE_ROWS.values()) == kinds_of_due_rows()
    assert {job.name for job in JOBS} == set(DUE_ROWS)


def test_the_sweeper_knows_every_job() -> None:
    made = set()
    for file in python_files("src/saluhall/jobs"):
        module = importlib.import_module(module_of(file))
        for job in vars(module).values():
            if isinstance(job, Job):
                made.add(job.name)
                assert any(job is known for known in JOBS), job.name

    assert made == {job.name for job in JOBS}


def test_a_job_is_named_as_its_file() -> None:
    for job in JOBS:
        modules = {job.open.__module__, job.claim.__module__}
        assert f"saluhall.jobs.{job.name}" in modules


def test_the_statements_of_a_job_are_about_its_rows() -> None:
    for rows in DUE_ROWS.values():
        due = f"from {rows.table} where {rows.due} <= %(now)s"
        assert due in rows.due_keys
        assert due in " ".join(rows.measure.split())
        for statement in (rows.release, rows.release_key):
            assert f"update {rows.table} set {rows.due} = " in " ".join(statement.split())


def woken() -> set[str]:
    """List the jobs that transactions wake by name."""
    names = set()
    for file in python_files("src"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "wake":
                names |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return names


def test_every_wake_up_is_for_a_job_that_exists() -> None:
    assert set() < woken() <= {job.name for job in JOBS}  # some jobs are woken by the clock alone
