"""saluhall demo: the main job on one machine, from PUT to sold, with nothing pretended."""

import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from saluhall.cli.demo.narrator import Narrator, NotTrue
from saluhall.cli.demo.stage import Stage
from saluhall.cli.demo.story import play
from saluhall.cli.session import AsJson, DataDir

_FAILED = 1
_STOPPED = 130


def demo(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Play the main job from PUT to sold, against a practice marketplace, and check every step."""
    narrator = Narrator(as_json=as_json)
    try:
        asyncio.run(_perform(narrator, data_dir))
    except NotTrue:
        narrator.close()
        sys.exit(_FAILED)
    except (asyncio.CancelledError, KeyboardInterrupt):
        narrator.close(reason="stopped before the end")
        sys.exit(_STOPPED)
    narrator.close()


async def _perform(narrator: Narrator, data_dir: Path | None) -> None:
    """Set the stage, play, and clear it away whatever happens."""
    me = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, me.cancel if me else loop.stop)
    with tempfile.TemporaryDirectory(prefix="saluhall-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        stage = Stage(scratch=folder, data_dir=data_dir or folder / "data")
        try:
            await play(stage, narrator)
        except NotTrue:
            narrator.show_log(stage.log_tail())
            raise
        finally:
            await stage.clear()
