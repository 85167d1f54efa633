"""Gold dialogues and search questions, read from YAML and checked: a fault names its file and field."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from common.model import Transcript, Utterance, Work
from pydantic import Field, StringConstraints, ValidationError, model_validator

from evals.labels import KINDS, Gold, Labels, Speaker

HERE = Path(__file__).parent
DIALOGUES = HERE / "dialogues"
QUERIES = HERE / "queries.yaml"

_WORD_MS = 400  # about 150 words a minute: nobody recorded when a line ends
_TENANT = "gold"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,63}$")]


class WrongGoldError(ValueError):
    """A gold file that cannot be trusted, because of what it says in a field."""


class Line(Gold):
    """One turn; *start* in seconds."""

    speaker: Speaker
    start: float = Field(ge=0)
    text: str = Field(min_length=1)


class Dialogue(Gold):
    """One call and all there is to be found in it; whoever tunes anything reads the ``open`` half only."""

    name: Name
    split: Literal["open", "held_out"]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    lines: tuple[Line, ...] = Field(min_length=1)
    labels: Labels

    @model_validator(mode="after")
    def _coherent(self) -> "Dialogue":
        faults = [*self._faults_of_lines(), *self._faults_of_labels()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults_of_lines(self) -> Iterator[str]:
        for n, (line, following) in enumerate(zip(self.lines, self.lines[1:], strict=False), start=2):
            if following.start <= line.start:
                yield f"lines: u{n} starts no later than the line before it"
        if set(self.labels.sentiment.by_speaker) != {line.speaker for line in self.lines}:
            yield "labels.sentiment.by_speaker: names other speakers than lines"

    def _faults_of_labels(self) -> Iterator[str]:
        said = {f"u{n}": line.text for n, line in enumerate(self.lines, start=1)}
        for kind in KINDS:
            for n, label in enumerate(self.labels.of(kind)):
                cited = label.citation.utterance_ids
                unknown = [cite for cite in cited if cite not in said]
                if unknown or not cited:
                    yield f"labels.{kind}[{n}].utterances: not in this call: {', '.join(unknown) or 'none'}"
                elif not any(label.citation.quote in said[cite] for cite in cited):
                    yield f"labels.{kind}[{n}].quote: not verbatim in {', '.join(cited)}"

    def transcript(self) -> Transcript:
        """The call as the transcriber keeps it; a line ends with its words, or as the next begins."""
        utterances = tuple(self._utterances())
        return Transcript(
            tenant_id=_TENANT,
            call_id=self.name,
            language=self.language,
            duration_ms=utterances[-1].end_ms,
            speech_ms=sum(utterance.end_ms - utterance.start_ms for utterance in utterances),
            utterances=utterances,
            work=Work(provider="none", model="none", cost_usd=0.0),
        )

    def _utterances(self) -> Iterator[Utterance]:
        channels = list(dict.fromkeys(line.speaker for line in self.lines))
        starts = [round(line.start * 1000) for line in self.lines]
        for n, line in enumerate(self.lines):
            spoken = starts[n] + _WORD_MS * len(line.text.split())
            yield Utterance(
                id=f"u{n + 1}",
                speaker=line.speaker,
                channel=channels.index(line.speaker),
                start_ms=starts[n],
                end_ms=min([spoken, *starts[n + 1 : n + 2]]),
                text=line.text,
                language=self.language,
            )


class Answer(Gold):
    """The utterances of one dialogue that answer a query."""

    dialogue: Name
    utterances: tuple[str, ...] = Field(min_length=1)


class Query(Gold):
    """A search question: in the ``words`` of its answer, a ``paraphrase`` without them, or unanswered."""

    text: str = Field(min_length=1)
    kind: Literal["words", "paraphrase", "no_answer"]
    answers: tuple[Answer, ...]

    @model_validator(mode="after")
    def _answered(self) -> "Query":
        if bool(self.answers) != (self.kind != "no_answer"):
            raise ValueError("answers: empty for no_answer, and for nothing else")
        return self


class _Queries(Gold):
    queries: tuple[Query, ...]


File = TypeVar("File", bound=Gold)


def dialogues(folder: Path = DIALOGUES) -> tuple[Dialogue, ...]:
    """All dialogues of *folder* by name, as many of them open as held out."""
    found = tuple(map(dialogue, sorted(folder.glob("*.yaml"))))
    splits = Counter(each.split for each in found)
    if abs(splits["open"] - splits["held_out"]) > 1:
        raise WrongGoldError(f"{folder}: split: not half each open and held out, but {dict(splits)}")
    return found


def dialogue(path: Path) -> Dialogue:
    """One dialogue; its file has its name."""
    read = _read(path, Dialogue)
    if read.name != path.stem:
        raise WrongGoldError(f"{path}: name: is {read.name}, but the file is called {path.name}")
    return read


def queries(known: Sequence[Dialogue], path: Path = QUERIES) -> tuple[Query, ...]:
    """All search questions, each answer found in the *known* dialogues."""
    read = _read(path, _Queries).queries
    lengths = {each.name: len(each.lines) for each in known}
    for n, query in enumerate(read):
        for answer in query.answers:
            ids = {f"u{line}" for line in range(1, lengths.get(answer.dialogue, 0) + 1)}
            if not ids.issuperset(answer.utterances):
                raise WrongGoldError(f"{path}: queries[{n}].answers: no such utterances in {answer.dialogue}")
    return read


def _read(path: Path, shape: type[File]) -> File:
    try:
        return shape.model_validate(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise WrongGoldError(f"{path}: is not YAML: {error}") from error
    except ValidationError as error:
        raise WrongGoldError("\n".join(f"{path}: {fault}" for fault in _faults(error))) from error


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, fault["loc"]))
        yield f"{where}: {fault['msg']}" if where else fault["msg"]
