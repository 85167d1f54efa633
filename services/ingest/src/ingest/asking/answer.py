"""What a question is answered with: sentences that were checked, and what they took."""

from common.model import CallId, Milliseconds, Noun, Work

from ingest.asking.shape import Statements


class Quoted(Noun):
    """Words that were spoken, letter for letter, and where; times are the words' own where they are known."""

    call_id: CallId
    utterance_ids: tuple[str, ...]
    quote: str
    speaker: str
    start_ms: Milliseconds
    end_ms: Milliseconds


class Sentence(Noun):
    """A sentence whose every citation was found in the calls, with its numbers and names."""

    text: str
    citations: tuple[Quoted, ...]


class Retrieved(Noun):
    """How much the model was given to read."""

    calls: int
    utterances: int


class Totals(Noun):
    """What is known once an answer is complete.

    ``answered`` false: the calls that were looked at do not say. ``dropped`` counts sentences that could not
    be verified, ``cut_off`` tells that the model was stopped at its limit of tokens. ``model`` is null where
    none was asked. ``remembered``: it was answered before, from the same words, and cost nothing now;
    ``cost_usd`` is null where the model's price is not known.
    """

    answered: bool
    dropped: int
    cut_off: bool
    remembered: bool
    retrieved: Retrieved
    model: str | None
    prompt_version: str
    cost_usd: float | None


class Replied(Noun):
    """What the model said, as it is remembered, and what that took."""

    said: Statements
    cut_off: bool
    work: Work
