"""Read float32 tensors from a safetensors file, as data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_LENGTH_BYTES = 8


class NotSafetensorsError(ValueError):
    """The file does not follow the safetensors format."""


def read_tensors(path: Path) -> dict[str, Array]:
    """Every float32 tensor of the file by its name, mapped from disk and not copied."""
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    header, start = _header(raw, path)
    return {
        name: _tensor(raw[start:], entry, name)
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def _header(raw: NDArray[np.uint8], path: Path) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(raw[:_LENGTH_BYTES].tobytes(), "little")
    start = _LENGTH_BYTES + size
    if start > raw.size:
        raise NotSafetensorsError(f"{path.name} is shorter than its header says.")
    try:
        return json.loads(raw[_LENGTH_BYTES:start].tobytes()), start
    except ValueError as error:
        raise NotSafetensorsError(f"{path.name} has a header that is not JSON.") from error


def _tensor(body: NDArray[np.uint8], entry: dict[str, Any], name: str) -> Array:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= body.size:
        raise NotSafetensorsError(f"Tensor {name} lies outside the file.")
    return body[begin:end].view("<f4").reshape(entry["shape"])
