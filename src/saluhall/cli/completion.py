"""saluhall completion."""

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from saluhall.cli.session import AsJson, DataDir, show


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], Parameter(help="The shell that runs the script.")
    ],
    /,
    *,
    data_dir: DataDir = None,  # noqa: ARG001 - every command takes it
    as_json: AsJson = False,
) -> None:
    """Print the script that completes commands and options in a shell."""
    from saluhall.cli.app import make_app  # noqa: PLC0415 - the app knows this command

    script = make_app().generate_completion(shell=shell)
    if as_json:
        show({"shell": shell, "script": script}, as_json=True)
    else:
        sys.stdout.write(script)
