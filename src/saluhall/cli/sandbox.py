"""saluhall sandbox."""

from typing import Annotated

from cyclopts import Parameter

from saluhall.cli.failures import Refused
from saluhall.cli.session import AsJson, DataDir
from saluhall.practice.tradera.server import serve


def sandbox(
    *,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on.")] = 8090,
    seed: Annotated[
        int, Parameter(help="The same seed and the same requests give the same responses.")
    ] = 1,
    data_dir: DataDir = None,  # noqa: ARG001 - every command takes it; the sandbox keeps nothing
    as_json: AsJson = False,  # noqa: ARG001 - it prints no answer
) -> None:
    """Run a marketplace to practise on: Tradera's protocol, with clock, bids and faults to control."""
    try:
        serve(host=host, port=port, seed=seed)
    except OverflowError as error:
        raise Refused(f"--port takes a number from 0 to 65535, not {port}") from error
    except OSError as error:
        raise Refused(f"cannot listen on {host}:{port}: {error.strerror}") from error
