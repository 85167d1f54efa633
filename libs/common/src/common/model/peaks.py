"""How loud a recording is from moment to moment, so that it can be drawn without being decoded again."""

from pydantic import Base64UrlBytes, Field

from common.model.identity import CallKey, Milliseconds, Noun


class ChannelPeaks(Noun):
    """One channel's loudest sample in each piece of it, a byte each: 255 is full scale.

    ``channel`` and ``speaker`` are those of the utterances; the speaker is None where nobody knows.
    """

    channel: int
    speaker: str | None = None
    peaks: Base64UrlBytes


class Peaks(CallKey):
    """What is drawn of a recording."""

    duration_ms: Milliseconds
    peaks_per_second: float = Field(gt=0)
    channels: tuple[ChannelPeaks, ...]
