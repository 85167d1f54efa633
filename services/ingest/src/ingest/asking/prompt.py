"""The question put to a model: instructions in a file, what was asked and said between delimiters."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from common.prompting import Recital, inert, mark

from ingest.asking.excerpts import Excerpts

PROMPT: Final = "ask.v1"


@cache
def instructions() -> str:
    """The prompt, as it stands in the repository."""
    return files("ingest.asking").joinpath("prompts", f"{PROMPT}.md").read_text("utf-8")


@cache
def recital() -> Recital:
    """By what an answer that repeats the prompt is known."""
    return Recital((instructions(),))


def prompt_version() -> str:
    """The prompt's name and the digest of its text."""
    return f"{PROMPT}+{sha256(instructions().encode()).hexdigest()[:8]}"


def content(question: str, excerpts: Excerpts) -> str:
    """What is asked; who asks and which calls these are is not told."""
    asked, said = f"[question] {inert(question)}", excerpts.text
    sign = mark(asked, said)
    return (
        f"BEGIN QUESTION {sign}\n{asked}\nEND QUESTION {sign}\n"
        f"BEGIN EXCERPTS {sign}\n{said}\nEND EXCERPTS {sign}"
    )
