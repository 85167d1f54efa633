"""What a model reached, dialogue by dialogue, kept as JSON beside the code that is measured."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

from common.model import Noun

from evals.asking import Reply
from evals.gold import Dialogue
from evals.kept import Taken
from evals.scoring import Score, score

RESULTS = Path(__file__).parent / "results"

Split = Literal["open", "held_out"]


class Row(Noun):
    """One dialogue: which version of it was scored, what the model reached, and what that took.

    ``failed`` is the reason why there is no analysis; everything there was to find is then missed.
    """

    dialogue: str
    split: Split
    digest: str
    failed: str | None
    score: Score
    taken: Taken


class Result(Noun):
    """One model's rows, and what they rest on; an answer had *max_output_tokens* and *timeout* seconds."""

    model: str
    prompt: str
    day: str
    max_output_tokens: int
    timeout: float
    rows: tuple[Row, ...]

    def of(self, split: Split) -> tuple[Row, ...]:
        """The rows of one half."""
        return tuple(row for row in self.rows if row.split == split)


def row(dialogue: Dialogue, reply: Reply) -> Row:
    """A dialogue's reply, scored."""
    return Row(
        dialogue=dialogue.name,
        split=dialogue.split,
        digest=digest(dialogue),
        failed=reply.failed,
        score=score(dialogue, reply.insights),
        taken=reply.taken,
    )


def digest(dialogue: Dialogue) -> str:
    """What a score rests on: the lines and labels as they were."""
    return sha256(dialogue.model_dump_json().encode()).hexdigest()[:12]


def changed(result: Result, dialogues: Iterable[Dialogue]) -> Sequence[str]:
    """The dialogues of *result* that are not what they were when it was made."""
    now = {dialogue.name: digest(dialogue) for dialogue in dialogues}
    return [row.dialogue for row in result.rows if now.get(row.dialogue) != row.digest]


def path(model: str, folder: Path = RESULTS) -> Path:
    """Where a model's result is kept."""
    return folder / f"{model.replace('/', '_')}.json"


def kept(model: str, folder: Path = RESULTS) -> Result | None:
    """The result that is committed, if there is one."""
    place = path(model, folder)
    return Result.model_validate_json(place.read_bytes()) if place.exists() else None


def keep(result: Result, folder: Path = RESULTS) -> Path:
    """Write the result to be committed."""
    place = path(result.model, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(_written(result), "utf-8")
    return place


def _written(result: Result) -> str:
    """JSON with a dialogue a line, so that a change shows whose score moved."""
    head = result.model_dump_json(exclude={"rows"}).removesuffix("}")
    rows = ",\n".join(each.model_dump_json() for each in result.rows)
    return f'{head},"rows":[\n{rows}\n]}}\n'
