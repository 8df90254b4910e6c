"""Settings from the environment, secrets at rest, identifiers."""

import base64
import hashlib
import hmac
import time
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.kit import secrets
from saluhall.kit.environment import BadSetting, Setting, read_text
from saluhall.kit.ids import new_id, text_from_id
from saluhall.kit.values import number


def test_a_setting_is_read_without_the_blanks_around_it() -> None:
    assert read_text({"A": " value \n"}, "A") == "value"


def test_a_setting_that_is_not_there_is_none() -> None:
    assert read_text({}, "A") is None
    assert read_text({"A": "  ", "A_FILE": " "}, "A") is None


def test_a_setting_can_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("växjö\n", encoding="utf-8")

    assert read_text({"A_FILE": str(file)}, "A") == "växjö"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"A_FILE: cannot read '.*none': No such file"):
        read_text({"A_FILE": str(tmp_path / "none")}, "A")


A_NUMBER = Setting("A", number(0, 9), 3, "")


def test_a_number_is_read_and_has_a_default() -> None:
    assert A_NUMBER.value({"A": "9"}) == 9
    assert A_NUMBER.value({"A": "0"}) == 0
    assert A_NUMBER.value({}) == 3


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1e3", "0x10", "10", "1_0", "٣", "9" * 5000])
def test_what_is_no_number_or_out_of_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadSetting, match=r"^A: .*; write a whole number from 0 to 9$"):
        A_NUMBER.value({"A": text})


@given(secret=st.text(alphabet=st.characters(exclude_categories=["Cs"])), purpose=st.text("ab:"))
def test_a_sealed_secret_opens_again(secret: str, purpose: str) -> None:
    vault = secrets.Vault("key")

    assert vault.open(vault.seal(secret, purpose=purpose), purpose=purpose) == secret


def test_sealing_twice_gives_different_bytes_without_the_secret_in_them() -> None:
    vault = secrets.Vault("key")
    first, second = (vault.seal("open sesame", purpose="p") for _ in range(2))

    assert first != second
    assert b"sesame" not in first


def test_a_secret_opens_only_with_its_key_and_purpose() -> None:
    sealed = secrets.Vault("key").seal("s", purpose="connection:1")

    for vault, purpose in [
        (secrets.Vault("key"), "connection:2"),
        (secrets.Vault("other"), "connection:1"),
    ]:
        with pytest.raises(secrets.Undecryptable):
            vault.open(sealed, purpose=purpose)


@given(position=st.integers(0, 32), bit=st.integers(0, 7))
def test_one_changed_bit_makes_a_secret_undecryptable(position: int, bit: int) -> None:
    vault = secrets.Vault("key")
    sealed = bytearray(vault.seal("hello", purpose="p"))
    sealed[position] ^= 1 << bit

    with pytest.raises(secrets.Undecryptable):
        vault.open(bytes(sealed), purpose="p")


@given(st.binary(max_size=40))
def test_bytes_that_were_never_sealed_are_undecryptable(junk: bytes) -> None:
    with pytest.raises(secrets.Undecryptable):
        secrets.Vault("key").open(junk, purpose="p")


@given(st.text())
def test_any_text_at_all_can_be_hashed_for_look_up(text: str) -> None:
    assert len(secrets.sha256(text)) == 32


def test_hashes_are_what_they_are_called() -> None:
    assert secrets.sha256("key") == hashlib.sha256(b"key").digest()
    assert secrets.hmac_sha256(b"k", b"m") == hmac.new(b"k", b"m", hashlib.sha256).digest()


def test_random_strings_are_letters_and_digits_and_differ() -> None:
    made = {secrets.random_alphanumeric(32) for _ in range(100)}

    assert len(made) == 100
    assert all(len(text) == 32 and text.isascii() and text.isalnum() for text in made)


def test_a_webhook_secret_holds_thirty_two_bytes() -> None:
    secret = secrets.new_webhook_secret()

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != secrets.new_webhook_secret()


def test_identifiers_sort_by_the_time_they_were_made() -> None:
    earlier = new_id()
    time.sleep(0.005)
    later = new_id()

    assert earlier < later
    assert text_from_id("evt", earlier) < text_from_id("evt", later)


def test_identifiers_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


@given(st.uuids(), st.uuids())
def test_the_text_of_an_identifier_says_all_of_it_and_keeps_its_order(a: UUID, b: UUID) -> None:
    text_a, text_b = text_from_id("lst", a), text_from_id("lst", b)

    assert len(text_a) == len("lst_") + 26
    assert (text_a == text_b) == (a == b)
    assert (text_a < text_b) == (a.int < b.int)
    assert not set(text_a.removeprefix("lst_")) & set("ilou")
