"""Sentence vectors: the file they come from, the model, and how they are asked for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onebox.models import embeddings
from onebox.models.errors import ApiError
from onebox.models.minilm import SentenceEncoder, erf
from onebox.models.safetensors import NotSafetensorsError, read_tensors


def safetensors(header: Any, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_tensors_are_read_by_name_and_shape(tmp_path: Path) -> None:
    """What a file holds is what was written, row by row."""
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    header = {
        "__metadata__": {"format": "pt"},
        "ids": {"dtype": "I64", "shape": [1], "data_offsets": [24, 32]},
        "weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    }
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors(header, values.tobytes() + bytes(8)))

    tensors = read_tensors(path)

    assert ["weight"] == list(tensors)
    assert values.tolist() == tensors["weight"].tolist()


@pytest.mark.parametrize(
    "content",
    [
        safetensors({"w": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}, bytes(8)),
        safetensors(b"{not json", b""),
        (99).to_bytes(8, "little") + b"{}",
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A header that lies, or is none, is an error and never a guess."""
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)

    with pytest.raises(NotSafetensorsError):
        read_tensors(path)


def test_erf_is_the_error_function() -> None:
    """To the precision of float32, at values from a table."""
    known = {0.0: 0.0, 0.5: 0.5204999, 1.0: 0.8427008, -2.0: -0.9953223}

    found = erf(np.array(list(known), dtype=np.float32))

    assert np.allclose(list(known.values()), found, atol=5e-7)


def test_sentences_alike_in_meaning_are_near(encoder: SentenceEncoder) -> None:
    """The cosines are those published for this model, and every vector has length one."""
    vectors = encoder.encode(
        ["That is a happy person", "That is a very happy person", "Today is a sunny day"]
    )

    cosines = vectors @ vectors[0]

    assert np.allclose([1.0, 0.943, 0.257], cosines, atol=1e-3)


def test_a_text_beyond_the_window_is_read_to_its_end(encoder: SentenceEncoder) -> None:
    """What stands after the model's window changes the vector."""
    start = "The price is too high. " * 60

    same, longer = encoder.encode([start, start + "My dog sleeps in the garden. " * 60])

    assert float(same @ longer) < 0.95


def test_neighbours_in_a_batch_change_nothing(encoder: SentenceEncoder) -> None:
    """A sentence has its vector, whatever is padded beside it."""
    text = "Hello there."

    alone, together = encoder.encode([text])[0], encoder.encode(["word " * 100, text])[1]

    assert np.allclose(alone, together, atol=1e-5)


def test_fewer_dimensions_are_a_shorter_unit_vector(encoder: SentenceEncoder) -> None:
    """Cut and scaled anew, as the cloud API does."""
    body = embeddings.answer(
        embeddings.understand({"model": "m", "input": "hello", "dimensions": 64}), encoder
    )

    vector = np.array(body["data"][0]["embedding"])

    assert (64,) == vector.shape
    assert np.isclose(1.0, np.linalg.norm(vector))


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m"},
        {"input": "hello"},
        {"model": "m", "input": ""},
        {"model": "m", "input": []},
        {"model": "m", "input": [[1, 2]]},
        {"model": "m", "input": ["a"] * 2049},
        {"model": "m", "input": "a", "dimensions": 385},
        {"model": "m", "input": "a", "dimensions": 0},
        {"model": "m", "input": "a", "encoding_format": "hex"},
        {"model": "m", "input": "a", "bogus": 1},
    ],
)
def test_what_is_not_understood_is_refused(body: dict[str, Any]) -> None:
    """Nothing is ignored in silence."""
    with pytest.raises(ApiError):
        embeddings.understand(body)
