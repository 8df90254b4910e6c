"""The saluhall command: one file per subcommand."""

import sys
from collections.abc import Sequence

from saluhall.cli.app import make_app
from saluhall.cli.failures import INTERRUPTED, check_encoding, failure_from_error, wants_json


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line, or these words; a failure is one sentence on standard error, or one JSON object with --json."""
    arguments = list(sys.argv[1:] if words is None else words)
    try:
        check_encoding(arguments)
        make_app(arguments)(arguments, exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        failure = failure_from_error(error)
        if failure is None:
            raise
        failure.write(as_json=wants_json(arguments))
        sys.exit(failure.exit_code)
