"""saluhall backup, saluhall restore."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import AsJson, DataDir, read_settings, show
from saluhall.storage.backup.manifest import Manifest

_COUNTED = {
    "accounts": "accounts",
    "products": "products",
    "listings": "listings",
    "orders": "orders",
    "events": "events",
}


def backup(
    target: Annotated[
        Path, Parameter(name="DIR", help="The folder to make: it must not exist, or be empty.")
    ],
    /,
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Back up the database, the images and the secret key into one folder, while the hub runs.

    The folder holds the key: keep it as you keep a password. Images in an object store are not copied.
    """
    from saluhall.bootstrap.backup import make_backup  # noqa: PLC0415 - no other command needs it

    manifest = asyncio.run(make_backup(read_settings(data_dir), target.absolute(), now=now()))
    _warn(manifest)
    show({"backup": str(target.absolute()), **_summary(manifest)}, as_json=as_json)


def restore(
    source: Annotated[Path, Parameter(name="DIR", help="A folder that `backup` made.")],
    /,
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty data dir, or into the empty database of SALUHALL_DATABASE_URL.

    The backup is checked first. Never run the restored hub beside the one it was made of: both would sell.
    """
    from saluhall.bootstrap.backup import restore_backup  # noqa: PLC0415 - as above

    settings = read_settings(data_dir)
    manifest = asyncio.run(restore_backup(settings, source.absolute()))
    if manifest.images is None:
        _say(f"the images are not in the backup: they were in {manifest.image_store}")
    show({"data_dir": str(settings.data_dir), **_summary(manifest)}, as_json=as_json)


def _summary(manifest: Manifest) -> dict[str, object]:
    return {
        "version": manifest.version,
        "schema": manifest.schema,
        "made_at": manifest.made_at.isoformat(),
        **{name: manifest.rows.get(table, 0) for name, table in _COUNTED.items()},
        "key_fits": manifest.key_fits,
        "images": manifest.images,
        "missing_images": manifest.missing_images,
        "bytes": manifest.bytes,
    }


def _warn(manifest: Manifest) -> None:
    if not manifest.key_fits:
        _say(
            "the secret key does not decrypt the newest token or webhook secret, so it is not the key of the running hub:"
            " give this command the hub's settings, and back up once more"
        )
    if manifest.images is None:
        _say(
            f"images are not in the backup: they are in {manifest.image_store}, which needs a backup of its own"
        )
    if manifest.missing_images:
        _say(f"{manifest.missing_images} images are missing or damaged in {manifest.image_store}")


def _say(sentence: str) -> None:
    sys.stderr.write(f"saluhall: {sentence}\n")
