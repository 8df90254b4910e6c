"""Every wrong configuration gets a sentence: the setting, what is wrong, what would be right."""

import json
from pathlib import Path

import pytest

from saluhall.bootstrap.configuration import read_configuration
from saluhall.kit.environment import BadSetting

CASES = json.loads(Path(__file__).with_name("settings_wrong.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the cases name as {folder}."""
    made = tmp_path_factory.mktemp("settings")
    (made / "key").write_text("a key that is long enough to be one\n")
    (made / "empty").touch()
    (made / "latin1").write_bytes("växjö".encode("latin-1"))
    (made / "large").write_bytes(b"x" * 70_000)
    (made / "link").symlink_to(made / "missing" / "data")
    for name, key in (("without-key", b"\n"), ("odd-key", b"\xff")):
        (made / name).mkdir()
        (made / name / "secret.key").write_bytes(key)
    return made


def errors_of(env: dict[str, str]) -> list[str]:
    try:
        read_configuration(env)
    except BadSetting as error:
        return [str(each) for each in error.errors]
    return []


@pytest.mark.parametrize("case", CASES, ids=lambda case: "+".join(case["env"]))
def test_a_wrong_setting_gets_one_sentence(
    case: dict[str, dict[str, str] | str], folder: Path
) -> None:
    env, says = json.loads(json.dumps([case["env"], case["says"]]).replace("{folder}", str(folder)))

    assert errors_of({"SALUHALL_DATA_DIR": str(folder / "data"), **env}) == [says]
    assert not (folder / "data").exists(), "nothing is made"


def test_there_are_forty_cases_and_no_message_repeats_a_password() -> None:
    assert len(CASES) >= 40
    assert not [case for case in CASES if "hidden" in case["says"] or "secret@" in case["says"]]
