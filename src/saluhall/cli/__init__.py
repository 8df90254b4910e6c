"""The saluhall command: one file per subcommand."""

import sys

from saluhall.cli.app import app
from saluhall.cli.session import FACTS, Refused


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except (Refused, *FACTS) as error:
        sys.stderr.write(f"saluhall: {error}\n")
        sys.exit(1)
