"""The saluhall command: one file per subcommand."""

import sys
from collections.abc import Sequence

from saluhall.cli.app import app
from saluhall.cli.session import FACTS, Refused


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line, or these words; a refusal is one sentence on standard error and exit code 1."""
    try:
        app(words)
    except (Refused, *FACTS) as error:
        sys.stderr.write(f"saluhall: {error}\n")
        sys.exit(1)
