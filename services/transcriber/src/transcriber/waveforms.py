"""Waveforms kept for those who look at a call; a call without one is none the worse."""

from collections.abc import Sequence
from typing import Protocol

from common.errors import PipelineError
from common.logging import get_logger
from common.model import UNKNOWN, CallKey, ChannelPeaks, Peaks
from common.store import Store
from pydantic.types import Base64UrlEncoder

from transcriber.waveform import Drawn

log = get_logger("callstream.transcriber")


class Waveforms(Protocol):
    """Takes what was drawn."""

    async def keep(self, peaks: Peaks) -> None:
        """Keep it, if that is possible."""
        ...


class NoWaveforms:
    """Nobody wants to see any."""

    async def keep(self, peaks: Peaks) -> None:
        """Let it go."""


class KeptWaveforms:
    """The collection of them."""

    def __init__(self, store: Store[Peaks]) -> None:
        self._store = store

    async def keep(self, peaks: Peaks) -> None:
        """Keep it before what is paid for begins; again is harmless, since decoding again draws the same."""
        try:
            await self._store.keep(peaks)
        except PipelineError as error:
            log.warning("peaks.not_kept", reason=error.reason, error=str(error))


def peaks(key: CallKey, drawn: Drawn, duration_ms: int, named: Sequence[str]) -> Peaks:
    """What was drawn of a call whose channels have these speakers."""
    channels = tuple(
        ChannelPeaks(
            channel=n,
            speaker=None if named[n] == UNKNOWN else named[n],
            peaks=Base64UrlEncoder.encode(each),
        )
        for n, each in enumerate(drawn.channels)
    )
    return Peaks(**dict(key), duration_ms=duration_ms, peaks_per_second=drawn.per_second, channels=channels)
