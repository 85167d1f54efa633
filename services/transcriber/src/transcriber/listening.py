"""What can be told of a recording without recognising it: its channels, where speech is, where to cut."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common.model import Damage, Quarters

from transcriber import audio, cuts
from transcriber.activity import VoiceActivity
from transcriber.audio import Decoded
from transcriber.cuts import Activity, Cut, Rules
from transcriber.threads import Stop
from transcriber.tracks import Allowance
from transcriber.waveform import Drawn


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large a recording may be, and how alike two channels are that are one."""

    max_seconds: float
    dual_mono: float
    max_decoded_bytes: int = 16 * 2**30


@dataclass(frozen=True, slots=True)
class Listened:
    """A recording ready to be recognised; lengths are samples that were decoded."""

    tracks: tuple[Path, ...]
    cuts: tuple[Cut, ...]
    samples: int
    speech: int
    """Samples of speech found, all channels together."""
    drawn: Drawn
    """The waveform of each track."""
    damage: tuple[Damage, ...] = ()
    loudness: tuple[Quarters, ...] = ()
    """Of speech, for each track and quarter of the call, in dBFS; None where nobody speaks."""
    alike: bool = False
    """Whether two channels were one, of which the louder is taken."""


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
        allowance = Allowance(self._limits.max_seconds, self._limits.max_decoded_bytes)
        decoded = audio.decode(source, folder, allowance, stop)
        alike = abs(decoded.correlation) > self._limits.dual_mono
        tracks = _tracks(decoded, alike=alike)
        activity = [self._activity.judge(track, stop) for track in tracks]
        return Listened(
            tracks=tracks,
            cuts=self._cuts(activity),
            samples=decoded.samples,
            speech=sum(span.length for each in activity for span in cuts.spans(each)),
            drawn=_drawn(decoded, alike=alike),
            damage=decoded.damage,
            loudness=tuple(cuts.loudness_by_quarter(each) for each in activity),
            alike=alike,
        )

    def _cuts(self, activity: Sequence[Activity]) -> tuple[Cut, ...]:
        return tuple(cut for n, each in enumerate(activity) for cut in cuts.cut(n, each, self._rules))


def _tracks(decoded: Decoded, *, alike: bool) -> tuple[Path, ...]:
    """Of two channels that are one, the louder alone: their sum is silence where one is inverted."""
    return (decoded.channels[decoded.louder],) if alike else decoded.channels


def _drawn(decoded: Decoded, *, alike: bool) -> Drawn:
    if not alike:
        return decoded.drawn
    return replace(decoded.drawn, channels=(decoded.drawn.channels[decoded.louder],))
