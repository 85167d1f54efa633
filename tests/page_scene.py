"""What the page shows, without a recogniser: the real door on real servers, calls put into the stores."""

import re
import wave
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from math import sin
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from zlib import crc32

import numpy as np
from aiohttp import web
from analyzer.analysis import Concluded, analysed, drafted
from backstage import Backstage, open_backstage
from common.access.keys import ApiKeys, Wanted
from common.access.scopes import SCOPES, Role
from common.account import Account, accounting
from common.clients import open_opensearch
from common.index import ChunkIndex, Shape
from common.journal import Failure, Journal
from common.ledger import Ledger, Means
from common.metrics import metrics_on
from common.model import (
    Analysis,
    Asking,
    Call,
    CallKey,
    CallMetadata,
    ChannelPeaks,
    Citation,
    Coverage,
    Criteria,
    Insights,
    ObjectRef,
    Peaks,
    Recording,
    Transcript,
    Utterance,
    Work,
)
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE, Stage
from common.providers import Asked
from common.settings import OpenSearchSettings
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors import Vector
from embedder.chunks import Limits, chunks
from embedder.facts import facts
from embedder.findings import findings
from onebox.expectations import sample
from onebox.models import chat
from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.analyst import Analyst
from onebox.models.rules.filling import filled
from onebox.models.rules.lines import Line
from onebox.models.server import Models, create_app
from onebox.models.speech import Recogniser
from onebox.process import LOOPBACK, reserved_port
from onebox.providers import PURPOSES, local_variables
from onebox.stack import REGION, Names, Service, provision
from page_findings import FELT
from prometheus_client import CollectorRegistry

TENANT: Final = "default"
PRICING: Final = "c-pricing_review-0"  # the newest call about a price
HEARD: Final = Work(provider="openai", model="gpt-transcribe", cost_usd=0.0068, requests=9, audio_seconds=95)
READ: Final = Work(provider="openai", model="gpt-6-luna", cost_usd=0.0041, requests=1, input_tokens=2100)
INDEXED: Final = Work(provider="openai", model="text-embedding-3-small", cost_usd=0.0001, requests=1)
STAGES: Final[tuple[tuple[Stage, Work | None, float], ...]] = (
    (INGEST, None, 0.4),
    (TRANSCRIBE, HEARD, 21.3),
    (ANALYZE, READ, 8.2),
    (EMBED, INDEXED, 0.9),
)
MAX_UPLOAD: Final = 8 * 2**20  # bytes of one request; what is larger goes in parts
CHOSEN: Final = {"AUTH": "keys", "ASK_RATE_LIMIT": "1000/minute", "MAX_UPLOAD_BYTES": str(MAX_UPLOAD)}
CUT: Final = Limits(max_tokens=256, max_silence_ms=30_000)
SIZE: Final = 384  # numbers of a vector
WORD: Final = re.compile(r"[^\W\d_]{4,}")
PER_SECOND: Final = 10  # bytes that are drawn, of calls that are not too long for it
MOST_DRAWN: Final = 8000  # of a channel, as the transcriber does it
LONG_RATE: Final = 3000  # samples a second, of a byte: the least that browsers play


class Words:
    """An encoder for which texts mean the same that share their words: as quick as a test wants it."""

    def encode(self, texts: Sequence[str]) -> Any:
        """A row for each text, of length 1."""
        return self.encode_pieces(self.pieces(texts))

    def encode_pieces(self, texts: Sequence[list[int]]) -> Any:
        """The same of numbered words."""
        rows = np.zeros((len(texts), SIZE), np.float32)
        for row, pieces in zip(rows, texts, strict=True):
            row[[piece % SIZE for piece in pieces]] = 1.0
            row[0] += 0.01  # a text without words has a direction, too
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Words of four letters and more, by number."""
        return [[crc32(word.encode()) for word in WORD.findall(text.lower())] for text in texts]


@dataclass(frozen=True, slots=True)
class Said:
    """A conversation, its sound, and what no pattern finds in it."""

    turns: tuple[Mapping[str, Any], ...]
    sound: bytes
    container: str
    felt: Mapping[str, Any] = field(default_factory=dict)

    @property
    def duration_ms(self) -> int:
        """Up to the last word, and a breath."""
        return int(self.turns[-1]["end_ms"]) + 500


@cache
def spoken(name: str) -> Said:
    """A bundled sample."""
    found = sample(name)
    return Said(tuple(found.script["turns"]), found.recording.read_bytes(), "ogg", FELT[name])


def quiet(*turns: tuple[str, str], seconds_each: float = 5.0, rate: int = 8000) -> Said:
    """Turns one after the other, of which nothing is heard."""
    length = round(seconds_each * 1000)
    rows = tuple(
        {"speaker": speaker, "text": text, "start_ms": n * length, "end_ms": (n + 1) * length - 300}
        for n, (speaker, text) in enumerate(turns)
    )
    return Said(rows, silence(len(turns) * seconds_each, rate), "wav")


def silence(seconds: float, rate: int) -> bytes:
    """A WAV file of a byte a sample."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 1, rate, 0, "NONE", ""))
        file.writeframes(b"\x80" * round(seconds * rate))
    return buffer.getvalue()


@dataclass
class Archive:
    """The stores behind the page, and who concludes and embeds."""

    backstage: Backstage
    index: ChunkIndex
    encoder: "Words"

    def __post_init__(self) -> None:
        database = self.backstage.db
        self.journal = Journal(database["journal"])
        self.calls = Store(database["calls"], Call)
        self.transcripts = transcripts_in(database)
        self.analyses = Store(database["analyses"], Analysis)
        self.peaks = Store(database["peaks"], Peaks)
        self.keys = ApiKeys(database["api_keys"])
        self._concluded: dict[int, Insights[Citation]] = {}
        self._vectors: dict[str, Vector] = {}

    async def completed(self, key: CallKey, said: Said, at: datetime, **metadata: Any) -> None:
        """A call that went all the way."""
        await self.received(key, said, at, **metadata)
        await self.heard(key, said)
        await self.drawn(key, said)
        await self.concluded(key, said)
        await self._through(key, at)
        await self._paid(key, at)

    async def read_only(self, key: CallKey, said: Said, at: datetime, **metadata: Any) -> None:
        """A call that went all the way, and of which nothing was concluded."""
        await self.received(key, said, at, **metadata)
        await self.heard(key, said)
        await self.drawn(key, said)
        await self._through(key, at)

    async def _through(self, key: CallKey, at: datetime) -> None:
        for n, (stage, work, took) in enumerate(STAGES):
            await self.step(key, stage, at + timedelta(seconds=n * 20), work, took)

    async def received(self, key: CallKey, said: Said, at: datetime, **metadata: Any) -> None:
        """Its recording is kept."""
        place = ObjectRef(bucket=self.backstage.audio, key=f"{key.tenant_id}/{key.call_id}.{said.container}")
        kinds = {"wav": "audio/wav", "ogg": "audio/ogg"}
        await self.backstage.s3.put_object(
            Bucket=place.bucket, Key=place.key, Body=said.sound, ContentType=kinds[said.container]
        )
        recording = Recording(
            object=place,
            size_bytes=len(said.sound),
            container=said.container,
            codec="opus" if said.container == "ogg" else "pcm_u8",
            sample_rate=48_000,
            channels=2,
            duration_ms=said.duration_ms,
        )
        told = CallMetadata(started_at=at, **metadata)
        await self.calls.keep(Call(**dict(key), recording=recording, metadata=told, created_at=at))

    async def heard(self, key: CallKey, said: Said) -> None:
        """Its transcript is kept."""
        await self.transcripts.keep(transcript(key, said))

    async def drawn(self, key: CallKey, said: Said) -> None:
        """What is drawn of it is kept: as loud as a voice, where somebody speaks."""
        rate = min(PER_SECOND, MOST_DRAWN * 1000 / said.duration_ms)
        drawing = Peaks(
            **dict(key),
            duration_ms=said.duration_ms,
            peaks_per_second=rate,
            channels=tuple(
                ChannelPeaks(
                    channel=n, speaker=speaker, peaks=urlsafe_b64encode(_loudness(said, speaker, rate))
                )
                for n, speaker in enumerate(("agent", "customer"), start=1)
            ),
        )
        await self.peaks.keep(drawing)

    async def concluded(self, key: CallKey, said: Said) -> None:
        """Its analysis is kept, and it can be found."""
        heard = transcript(key, said)
        analysis = self._analysis(key, heard, said)
        await self.analyses.keep(analysis)
        call = await self.calls.latest(key)
        known = facts(call, analysis, heard)
        passages = chunks(key, heard, CUT, known)
        pieces = [*passages, *findings(key, analysis, heard, known, first=len(passages))]
        await self.index.replace(key, pieces, self._embedded([piece.text for piece in pieces]))

    async def step(
        self, key: CallKey, stage: Stage, at: datetime, work: Work | None = None, took: float = 1.0
    ) -> None:
        """A stage did its part."""
        await self.journal.begin(key, stage, at)
        await self.journal.finish(key, stage, at + timedelta(seconds=took), took, work)

    async def key(self, tenant: str, role: Role = "admins") -> str:
        """A new API key of that tenant's."""
        wanted = Wanted(tenant, "the page", SCOPES[role], "test")
        return (await self.keys.create(wanted, now())).text

    async def failed(self, key: CallKey, stage: Stage, reason: str, at: datetime) -> None:
        """A stage gave the call up."""
        await self.journal.begin(key, stage, at)
        failure = Failure(stage=stage.name, reason=reason, message="it did not work", timestamp=at)
        await self.journal.fail(key, stage, at, failure, final=True)

    def _analysis(self, key: CallKey, heard: Transcript, said: Said) -> Analysis:
        if id(said) not in self._concluded:
            lines = [
                Line(each.id, each.speaker, each.text, each.start_ms / 1000) for each in heard.utterances
            ]
            rules = Analyst(cast("SentenceEncoder", self.encoder))
            answer = filled(rules.analyse(lines), Insights[Citation].model_json_schema())
            self._concluded[id(said)] = Insights[Citation].model_validate({**answer, **said.felt})
        draft = drafted(self._concluded[id(said)], heard, Criteria(), least=0.6)
        return analysed(key, Concluded(draft, Asking(), READ), Criteria())

    def _embedded(self, texts: Sequence[str]) -> list[Vector]:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        rows = self.encoder.encode(new) if new else ()
        self._vectors |= {text: tuple(map(float, row)) for text, row in zip(new, rows, strict=True)}
        return [self._vectors[text] for text in texts]

    async def _paid(self, key: CallKey, at: datetime) -> None:
        for stage, work, _ in STAGES:
            if work is None:
                continue
            ledger = Ledger(self.backstage.db["ledger"], stage.name, days=90, means=Means(now=lambda: at))
            account = Account(stage.name, metrics_on(CollectorRegistry()).providers, {})
            account.tenant_id, account.key = key.tenant_id, key
            with accounting(account):
                async with ledger.calling(
                    work.provider, work.model, work.cost_usd, work.audio_seconds
                ) as row:
                    row.asked = Asked("asking", work.provider, work.model, work=work)


def _loudness(said: Said, speaker: str, rate: float) -> bytes:
    """A byte for each piece: speech swells and fades, silence hums."""
    peaks = bytearray(b"\x02" * int(said.duration_ms * rate / 1000))
    for turn in (turn for turn in said.turns if turn["speaker"] == speaker):
        for at in range(int(turn["start_ms"] * rate / 1000), int(turn["end_ms"] * rate / 1000)):
            peaks[at] = 40 + crc32(b"%d" % at) % 60 + round(90 * abs(sin(at / 4)))
    return bytes(peaks)


def transcript(key: CallKey, said: Said) -> Transcript:
    """Every turn an utterance."""
    speech = sum(turn["end_ms"] - turn["start_ms"] for turn in said.turns)
    return Transcript(
        **dict(key),
        language="en",
        duration_ms=said.duration_ms,
        speech_ms=speech,
        speakers=("agent", "customer"),
        coverage=Coverage(speech_ms=speech, transcribed_ms=speech, share=1.0, flagged=False),
        utterances=tuple(
            Utterance(
                id=f"u{n}",
                speaker=turn["speaker"],
                channel=1 + (turn["speaker"] == "customer"),
                start_ms=turn["start_ms"],
                end_ms=turn["end_ms"],
                text=turn["text"],
            )
            for n, turn in enumerate(said.turns, start=1)
        ),
        work=HEARD,
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """The page's address, that of the recordings, and what is behind both."""

    url: str
    store: str
    archive: Archive
    told: Mapping[str, str]

    @asynccontextmanager
    async def another(self, folder: Path, **settings: str) -> AsyncIterator["Scene"]:
        """The same calls behind a door with other settings."""
        told = {**self.told, **settings}
        async with _running_door(told, folder) as url:
            yield replace(self, url=url, told=told)


@asynccontextmanager
async def open_scene(folder: Path, servers: Mapping[str, str], name: str) -> AsyncIterator[Scene]:
    """The door, unmodified and alone: no other stage runs."""
    async with AsyncExitStack() as life:
        encoder = Words()
        models = await life.enter_async_context(_running_models(encoder))
        told = {**servers, **local_variables(PURPOSES, models), **CHOSEN}
        told |= await provision(told, Names(name))
        backstage = await life.enter_async_context(open_backstage(told))
        settings = OpenSearchSettings.model_validate({"opensearch_url": servers["OPENSEARCH_URL"]})
        search = await life.enter_async_context(open_opensearch(settings, REGION))
        index = ChunkIndex(
            search, told["EMBEDDING_MODEL"], name, shape=Shape(replicas=0, refresh_seconds=0.05)
        )
        url = await life.enter_async_context(_running_door(told, folder))
        store = servers["AWS_ENDPOINT_URL_S3"].rstrip("/")
        yield Scene(url, store, Archive(backstage, index, encoder), told)


@asynccontextmanager
async def _running_door(told: Mapping[str, str], folder: Path) -> AsyncIterator[str]:
    """Its address."""
    with reserved_port(0) as port:
        door = Service("ingest", port, told, folder)
        try:
            await door.start()
            yield door.url
        finally:
            await door.stop()


@asynccontextmanager
async def _running_models(words: "Words") -> AsyncIterator[str]:
    """The local models' server; nothing hears, and meaning is words."""
    encoder, deaf = cast("SentenceEncoder", words), cast("Recogniser", SimpleNamespace(name="none"))
    runner = web.AppRunner(create_app(Models(deaf, encoder, chat.Assistant(encoder))))
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def call(call_id: str, tenant: str = TENANT) -> CallKey:
    """A call's key."""
    return CallKey(tenant_id=tenant, call_id=call_id)


def now() -> datetime:
    """The door's time."""
    return datetime.now(UTC)
