"""saluhall doctor."""

import asyncio
import sys
from collections.abc import Sequence

from saluhall.bootstrap.doctor import Finding, Result, error, examine
from saluhall.cli.failures import REFUSED, SETTINGS
from saluhall.cli.session import AsJson, DataDir, read_settings, show
from saluhall.kit.environment import BadSetting


def doctor(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check settings, data dir, database, image store, certificates, other servers and background work.

    Each check has a result and, where something is wrong, a remedy. The exit code is 0 without an error, 1 with one, and 78 for a wrong
    setting. It works beside a running hub and without one, and changes nothing.
    """
    try:
        settings = read_settings(data_dir)
    except BadSetting as wrong:
        _show([error(each.setting, each.problem, each.remedy) for each in wrong.errors], as_json)
        sys.exit(SETTINGS)
    findings = asyncio.run(examine(settings))
    _show(findings, as_json)
    if any(finding.result is Result.ERROR for finding in findings):
        sys.exit(REFUSED)


def _show(findings: Sequence[Finding], as_json: bool) -> None:  # noqa: FBT001 - as every command names it
    if as_json:
        is_ok = all(finding.result is not Result.ERROR for finding in findings)
        show({"ok": is_ok, "checks": findings}, as_json=True)
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        sys.stdout.write(f"{finding.result:<7}  {finding.name:<{width}}  {finding.message}\n")
        if finding.remedy:
            sys.stdout.write(f"{'':7}  {'':{width}}  -> {finding.remedy}\n")
