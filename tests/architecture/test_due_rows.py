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
_DRAINED = re.compile(r"from (\w+) where (\w+) <= %\(now\)s")


def kinds_of_due_rows() -> list[tuple[str, str]]:
    sql = "\n".join(file.read_text() for file in sorted(MIGRATIONS.glob("*.sql")))
    created = [
        (table, column)
        for table, columns in _TABLE.findall(sql)
        for column in _COLUMN.findall(columns)
    ]
    return sorted(created + _ADDED.findall(sql))


def drained_by(job: Job) -> tuple[str, str]:
    match = _DRAINED.search(job.due_keys)
    assert match is not None, job.due_keys
    return match[1], match[2]


def test_every_kind_of_due_row_is_drained_by_exactly_one_job_that_the_sweeper_knows() -> None:
    assert sorted(map(drained_by, JOBS)) == kinds_of_due_rows()


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
    assert {job.name for job in JOBS} == {job.drain.__module__.rpartition(".")[2] for job in JOBS}


def test_a_job_measures_and_releases_the_rows_that_it_drains() -> None:
    for job in JOBS:
        table, due = drained_by(job)
        assert f"from {table} where {due} <= %(now)s" in " ".join(job.measure.split())
        assert DUE_ROWS[job.name] == (table, due)
        for statement in (job.claims.release, job.claims.release_key):
            assert f"update {table} set {due} = " in " ".join(statement.split())


def rung() -> set[str]:
    """List the jobs that transactions ring for by name."""
    names = set()
    for file in python_files("src"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "ring":
                names |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return names


def test_every_bell_wakes_a_job_that_exists() -> None:
    assert rung() <= {job.name for job in JOBS}  # some jobs are woken by the clock alone
