"""saluhall demo."""

from saluhall.cli.session import AsJson, DataDir


def demo(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Play the main job from PUT to sold."""
