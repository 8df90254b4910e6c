"""The configuration as a whole: the hub's settings, the channels' settings, unknown names, and the data dir."""

from collections.abc import Mapping
from pathlib import Path

from saluhall.kit.environment import BadSetting, BadSettings, Wrong
from saluhall.kit.folders import check_folder
from saluhall.kit.setting_names import unknown_settings
from saluhall.plugins import load_channels
from saluhall.settings import DATA_DIR, KEY_FILE, SETTINGS, Settings, kept_key

# initdb makes 40 MB, and the log that is written before tables are takes as much soon after.
_ROOM_FOR_DATABASE = 100_000_000
_ROOM_FOR_KEY = 100_000


def read_configuration(env: Mapping[str, str], *, data_dir: Path | None = None) -> Settings:
    """Read the settings and check all of them; nothing is made or started. Raises BadSettings with every error."""
    settings, errors = Settings.read_all(env, data_dir=data_dir)
    errors += _errors_of_channels(env)
    errors += unknown_settings(env, known_settings())
    if not any(error.setting.startswith(DATA_DIR) for error in errors):
        errors += _errors_of_folders(settings, named=DATA_DIR if data_dir is None else "--data-dir")
    if errors:
        raise BadSettings(errors)
    return settings


def known_settings() -> set[str]:
    """Return the names of the hub's settings and of the channels'."""
    cards = load_channels().values()
    return {each.name for each in SETTINGS} | {
        each.name for card in cards for each in card.settings
    }


def _errors_of_channels(env: Mapping[str, str]) -> list[BadSetting]:
    errors: list[BadSetting] = []
    for card in load_channels().values():
        try:
            card.check(env, {})
        except BadSetting as error:
            errors += error.errors
    return errors


def _errors_of_folders(settings: Settings, *, named: str) -> list[BadSetting]:
    """Check the data dir where something is kept in it, and the folder of images."""
    errors = []
    try:
        _check_data_dir(settings)
    except Wrong as error:
        errors.append(BadSetting(named, error.problem, error.remedy))
    except BadSetting as error:
        errors.append(error)
    store = settings.image_store
    if not errors and "://" not in store:
        try:
            check_folder(Path(store).expanduser().absolute())
        except (Wrong, OSError, RuntimeError) as error:
            problem, remedy = getattr(error, "problem", str(error)), "name a folder to write to"
            errors.append(
                BadSetting("SALUHALL_IMAGE_STORE", problem, getattr(error, "remedy", remedy))
            )
    return errors


def _check_data_dir(settings: Settings) -> None:
    folder, key = settings.data_dir, settings.data_dir / KEY_FILE
    needs_database, needs_key = settings.database_url is None, settings.secret is None
    if not (needs_database or needs_key):
        return
    check_folder(folder)
    _check_owner(folder)
    if needs_database and not (folder / "postgres" / "PG_VERSION").exists():
        check_folder(folder, room_bytes=_ROOM_FOR_DATABASE)
    elif needs_key and not key.exists():
        check_folder(folder, room_bytes=_ROOM_FOR_KEY)
    if needs_key and key.exists():
        kept_key(key)


def _check_owner(folder: Path) -> None:
    """See that what is there belongs to this user. Raises Wrong."""
    from saluhall.storage.embedded.runner import stranger_of  # noqa: PLC0415 - few need the database that comes along

    found = stranger_of(folder, folder / "postgres")
    if found is not None:
        path, owner, me = found
        raise Wrong(
            f"{path} belongs to the user {owner}, and this runs as {me}",
            f"run it as {owner}, or name another folder",
        )
