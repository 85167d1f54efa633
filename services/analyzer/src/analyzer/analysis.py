"""The question we put to the model, and how its answer is read."""

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files

from common.evidence import Transcribed
from common.model import (
    FINDINGS,
    Analysis,
    CallKey,
    Citation,
    Evidence,
    Finding,
    Insights,
    Transcript,
    Utterance,
    Work,
)

PROMPT = "analysis.v1"

Asked = Insights[Citation]
"""The shape a model answers in."""


def instructions() -> str:
    """The prompt, as it stands in the repository."""
    return files("analyzer").joinpath("prompts", f"{PROMPT}.md").read_text("utf-8")


def prompt_version() -> str:
    """The prompt's name and the digest of its text: an analysis says exactly what it was asked."""
    return f"{PROMPT}+{sha256(instructions().encode()).hexdigest()[:8]}"


def question(transcript: Transcript) -> str:
    """The transcript as numbered lines between delimiters that no caller can speak."""
    lines = "\n".join(map(_line, transcript.utterances))
    return f"BEGIN TRANSCRIPT\n{lines}\nEND TRANSCRIPT"


def _line(utterance: Utterance) -> str:
    minutes, seconds = divmod(utterance.start_ms // 1000, 60)
    text = " ".join(utterance.text.split())  # one line, whatever was recognised
    return f"[{utterance.id} {minutes:02d}:{seconds:02d} {utterance.speaker}] {text}"


def checked(asked: Asked, transcript: Transcript) -> Insights[Evidence]:
    """The answer with every quote looked up in the transcript."""
    spoken = Transcribed(transcript.utterances)
    answer = asked.model_dump()
    for name in FINDINGS:
        findings: Iterable[Finding[Citation]] = getattr(asked, name)
        for row, finding in zip(answer[name], findings, strict=True):
            row["evidence"] = [spoken.check(citation).model_dump() for citation in finding.evidence]
    return Insights[Evidence].model_validate(answer)


def analysed(key: CallKey, insights: Insights[Evidence] | None, work: Work) -> Analysis:
    """The document to keep."""
    return Analysis(**dict(key), insights=insights, prompt_version=prompt_version(), work=work)


def nothing_said() -> Work:
    """A call without speech has no conclusions, and asking for them costs nothing."""
    return Work(provider="none", model="none", cost_usd=0.0)


def findings(insights: Insights[Evidence] | None) -> tuple[Finding[Evidence], ...]:
    """All findings, whatever their kind."""
    return insights.findings if insights else ()
