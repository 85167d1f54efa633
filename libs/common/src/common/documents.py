"""A transcript as one JSON document, written piece by piece: nothing holds the whole of it twice."""

from collections.abc import Iterator

from common.model import Transcript


def pieces(transcript: Transcript) -> Iterator[str]:
    """The document's text; what others may hand in (``utterances`` and what is known of them) is the same."""
    facts = transcript.model_dump_json(exclude={"utterances"})
    yield f'{facts[:-1]},"utterances":['
    for n, said in enumerate(transcript.utterances):
        yield f"{',' if n else ''}\n{said.model_dump_json()}"
    yield "]}\n"


def encoded(transcript: Transcript) -> bytes:
    """The document in UTF-8; of a long call, call it in a thread: others get their turn between pieces."""
    return "".join(pieces(transcript)).encode()
