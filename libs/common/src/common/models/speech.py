"""Speech models: only what a model's row holds is ever sent to it; servers may ignore the rest unsaid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

Encoding = Literal["wav", "flac", "ogg"]
ResponseFormat = Literal["json", "verbose_json", "diarized_json"]
Granularity = Literal["segment", "word"]

RAW_BYTES_PER_SECOND: Final = 32_000  # 16 kHz, 16 bits, mono; FLAC of noise is hardly smaller
OPUS_BYTES_PER_SECOND: Final = 10_000  # of the Ogg Opus we make, with a margin


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModel:
    """One model. ``response_formats`` begins with the one to ask for; ``languages`` None takes any code.

    ``max_seconds`` holds a margin; ``vocabulary_bytes`` bounds the terms of one request together: a token is
    a byte at worst. ``granularities`` come with ``verbose_json``, ``logprobs`` with ``json``.
    """

    usd_per_minute: float | None
    shutdown: date | None = None
    encodings: tuple[Encoding, ...] = ("wav", "flac", "ogg")
    max_bytes: int = 25_000_000
    max_seconds: float | None = None
    min_seconds: float = 0.1
    response_formats: tuple[ResponseFormat, ...] = ("json",)
    granularities: tuple[Granularity, ...] = ()
    logprobs: bool = False
    language_field: Literal["language", "languages"] = "language"
    languages: frozenset[str] | None = None
    vocabulary: Literal["keywords", "prompt"] | None = None
    vocabulary_bytes: int = 0
    known_speakers: int = 0
    chunks_itself: bool = False

    @property
    def diarizes(self) -> bool:
        """Whether it tells speakers apart."""
        return "diarized_json" in self.response_formats

    @property
    def longest(self) -> float:
        """Seconds that surely fit into one request, whatever they sound like."""
        densest = OPUS_BYTES_PER_SECOND if "ogg" in self.encodings else RAW_BYTES_PER_SECOND
        return min(self.max_bytes / densest * 0.99, self.max_seconds or float("inf"))

    def cost(self, audio_seconds: float) -> float | None:
        """USD for so many seconds; None where the price is not known."""
        return None if self.usd_per_minute is None else audio_seconds / 60 * self.usd_per_minute


WHISPER_ERA_ENDS: Final = date(2027, 2, 26)

_LONGEST: Final = 1390.0  # seconds; 1400 are refused, and an encoder pads
_GPT_TRANSCRIBE_TAKES: Final = (
    "af ar hy az be bn bs bg yue ca zh hr cs da nl en et fi fr gl ka de el gu he hi hu is id it ja kn kk ko"
    " lv lt mk ms ml mi mr ne no fa pl pt ro ru sr sk sl es sw sv tl ta te th tr uk ur vi cy"
)
_WHISPER_PROMPT: Final = 224  # tokens it reads of a prompt
_GPT_VOCABULARY: Final = 4_000  # bytes; of a context of 16,000 tokens


def _gpt_4o(usd_per_minute: float) -> SpeechModel:
    """Billed by token; the price is the provider's own estimate for a minute."""
    return SpeechModel(
        usd_per_minute=usd_per_minute,
        shutdown=WHISPER_ERA_ENDS,
        max_seconds=_LONGEST,
        logprobs=True,
        vocabulary="prompt",
        vocabulary_bytes=_GPT_VOCABULARY,
    )


SPEECH: Final[Mapping[str, SpeechModel]] = MappingProxyType(
    {
        "gpt-transcribe": SpeechModel(
            usd_per_minute=0.0045,
            max_seconds=_LONGEST,
            language_field="languages",
            languages=frozenset(_GPT_TRANSCRIBE_TAKES.split()),
            vocabulary="keywords",
            vocabulary_bytes=_GPT_VOCABULARY,
        ),
        "whisper-1": SpeechModel(
            usd_per_minute=0.006,
            shutdown=WHISPER_ERA_ENDS,
            response_formats=("verbose_json", "json"),
            granularities=("segment", "word"),
            vocabulary="prompt",
            vocabulary_bytes=_WHISPER_PROMPT,
        ),
        "gpt-4o-transcribe": _gpt_4o(0.006),
        "gpt-4o-mini-transcribe": _gpt_4o(0.003),
        "gpt-4o-transcribe-diarize": SpeechModel(
            usd_per_minute=0.006,
            shutdown=WHISPER_ERA_ENDS,
            max_seconds=_LONGEST,
            response_formats=("diarized_json", "json"),
            known_speakers=4,
            chunks_itself=True,
        ),
        # It can write down times, and is twice as quick without.
        "local-whisper": SpeechModel(
            usd_per_minute=0.0,
            response_formats=("json", "verbose_json"),
            granularities=("segment", "word"),
            vocabulary="prompt",
            vocabulary_bytes=_WHISPER_PROMPT,
        ),
    }
)

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_LOCAL = "local-whisper"


def known_speech_model(name: str) -> SpeechModel | None:
    """The row of a model, or of the family that a dated name such as ``gpt-transcribe-2026-07-28`` is of."""
    if name.startswith(f"{_LOCAL}-"):
        return SPEECH[_LOCAL]
    return SPEECH.get(name) or SPEECH.get(_DATED.sub("", name))
