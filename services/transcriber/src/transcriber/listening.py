"""What can be told of a recording without recognising it: its channels, where speech is, where to cut."""

from dataclasses import dataclass
from pathlib import Path

from transcriber import audio, cuts
from transcriber.activity import VoiceActivity
from transcriber.cuts import Cut, Rules
from transcriber.threads import Stop


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a recording may be, and how alike two channels are that are one."""

    max_seconds: float
    dual_mono: float


@dataclass(frozen=True, slots=True)
class Listened:
    """A recording ready to be recognised; lengths are samples that were decoded."""

    tracks: tuple[Path, ...]
    cuts: tuple[Cut, ...]
    samples: int
    speech: int
    damaged: int


class Listener:
    """Decodes, judges and cuts. Blocks: call it in a thread."""

    def __init__(self, activity: VoiceActivity, limits: Limits, rules: Rules) -> None:
        self._activity = activity
        self._limits = limits
        self._rules = rules

    def listen(self, source: Path, folder: Path, stop: Stop) -> Listened:
        """Decode *source* into *folder* and say where to cut it.

        Raises:
            Permanent: it is no recording we can use; see ``audio.decode``.
        """
        decoded = audio.decode(source, folder, self._limits.max_seconds, stop)
        # Of two channels that are one, the first is taken: their sum is silence where one is inverted.
        alike = abs(decoded.correlation) > self._limits.dual_mono
        tracks = decoded.channels[:1] if alike else decoded.channels
        activity = [self._activity.judge(track, stop) for track in tracks]
        return Listened(
            tracks=tracks,
            cuts=tuple(cut for n, each in enumerate(activity) for cut in cuts.cut(n, each, self._rules)),
            samples=decoded.samples,
            speech=sum(span.length for each in activity for span in cuts.spans(each)),
            damaged=decoded.damaged,
        )
