"""saluhall config check."""

import sys

import msgspec
from cyclopts import App

from saluhall.cli.failures import SETTINGS, shown_errors
from saluhall.cli.session import AsJson, DataDir, read_settings, show
from saluhall.kit.environment import BadSetting

config = App(name="config", help="Check the settings of this hub.")


@config.command
def check(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check every setting without starting anything; exit code 78 when one is wrong."""
    try:
        settings = read_settings(data_dir)
    except BadSetting as error:
        if not as_json:
            raise
        answer = {"ok": False, "errors": shown_errors(error)}
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.exit(SETTINGS)
    if as_json:
        show({"ok": True, "errors": []}, as_json=True)
    else:
        sys.stdout.write(f"Every setting is right. The data dir is {settings.data_dir}\n")
