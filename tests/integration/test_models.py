"""The local model server, in its own process, asked by OpenAI's client as the pipeline asks it."""

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import aiohttp
import av
import jiwer
import numpy as np
import openai
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from waiting import until

SAMPLE = "product_demo"
RATE = 16_000


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Citation(Strict):
    utterance_ids: list[str]
    quote: str


class Objection(Strict):
    type: Literal["price", "timing", "authority", "need", "trust", "competitor", "feature", "other"]
    description: str
    resolution_status: Literal["resolved", "unresolved", "deferred", "unknown"]
    evidence: list[Citation]


class NextStep(Strict):
    description: str
    owner: str | None
    due: str | None
    evidence: list[Citation]


class Insights(Strict):
    summary: str
    call_outcome: Literal["next_step_agreed", "follow_up", "unknown"]
    objections: list[Objection]
    next_steps: list[NextStep]


class Horoscope(Strict):
    sign: str


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def process(port: int) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "onebox.models", "--port", str(port)]
    with subprocess.Popen(argv) as started:  # noqa: S603 - our own server
        try:
            yield started
        finally:
            started.terminate()


@pytest.fixture
async def client(process: subprocess.Popen[bytes], port: int) -> AsyncIterator[openai.AsyncOpenAI]:
    async def healthy() -> bool:
        assert process.poll() is None, "the server has ended"
        try:
            async with aiohttp.request("GET", f"http://127.0.0.1:{port}/health") as response:
                return response.ok
        except aiohttp.ClientConnectionError:
            return False

    await until(healthy, 30, what="models loaded")
    url = f"http://127.0.0.1:{port}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as asked:
        yield asked


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    text = resources.files("onebox.samples").joinpath(f"{SAMPLE}.json").read_text("utf-8")
    return dict(json.loads(text))


@pytest.fixture(scope="module")
def call(script: dict[str, Any]) -> NDArray[np.int16]:
    """The sample's samples, one row a channel."""
    recording = resources.files("onebox.samples").joinpath(script["audio"])
    resampler = av.AudioResampler(format="s16p", layout="stereo", rate=RATE)
    with resources.as_file(recording) as path, av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.int16)


def cut(call: NDArray[np.int16], script: dict[str, Any], turn: dict[str, Any]) -> bytes:
    """One turn as WAV, with 0.15 s around it, as the transcriber cuts it."""
    start, end = (max(0, turn["start_ms"] - 150) * RATE // 1000, (turn["end_ms"] + 150) * RATE // 1000)
    samples = call[script["channels"].index(turn["speaker"]), start:end]
    return as_wav(samples)


def as_wav(samples: NDArray[np.int16]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def normalised(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter.isspace())


async def test_turns_of_a_call_are_recognised(
    client: openai.AsyncOpenAI, call: NDArray[np.int16], script: dict[str, Any]
) -> None:
    """At most one word in ten of a sample's turns is wrong, and seconds are counted for each."""
    turns = script["turns"][:4]

    heard = await asyncio.gather(
        *(
            client.audio.transcriptions.create(
                file=("turn.wav", cut(call, script, turn)), model="gpt-transcribe", language="en"
            )
            for turn in turns
        )
    )

    spoken = [normalised(turn["text"]) for turn in turns]
    assert jiwer.wer(spoken, [normalised(one.text) for one in heard]) <= 0.10
    assert ["duration"] * len(turns) == [one.usage.type for one in heard if one.usage]


async def test_the_language_is_told_where_none_was_given(
    client: openai.AsyncOpenAI, call: NDArray[np.int16], script: dict[str, Any]
) -> None:
    """Detected, and named; words have their times."""
    heard = await client.audio.transcriptions.create(
        file=("turn.wav", cut(call, script, script["turns"][3])),
        model="any",
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )

    times = [time for word in heard.words or () for time in (word.start, word.end)]
    assert "en" == heard.language
    assert 5 < len(times)
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= heard.duration


async def test_silence_is_not_made_into_words(client: openai.AsyncOpenAI) -> None:
    """A cut without speech has no text."""
    silence = as_wav(np.zeros(2 * RATE, dtype=np.int16))

    heard = await client.audio.transcriptions.create(file=("s.wav", silence), model="any", language="en")

    assert "" == heard.text


@pytest.mark.parametrize(
    ("audio", "options", "param"),
    [(b"no audio", {}, "file"), (b"no audio", {"response_format": "srt"}, "response_format")],
)
async def test_speech_requests_that_make_no_sense_are_refused(
    client: openai.AsyncOpenAI, audio: bytes, options: dict[str, Any], param: str
) -> None:
    """In the shape OpenAI's client understands."""
    with pytest.raises(openai.BadRequestError) as refusal:
        await client.audio.transcriptions.create(file=("a.wav", audio), model="any", **options)

    assert param == refusal.value.param


async def test_embeddings_survive_the_way_in_base64(client: openai.AsyncOpenAI) -> None:
    """The client's default encoding and plain numbers are the same vectors, and the near are near."""
    texts = ["It is too expensive.", "The price is too high for us.", "The weather is lovely."]

    packed = await client.embeddings.create(model="text-embedding-3-small", input=texts)
    plain = await client.embeddings.create(model="any", input=texts, encoding_format="float")

    vectors = np.array([one.embedding for one in packed.data])
    assert np.allclose(vectors, [one.embedding for one in plain.data], atol=1e-6)
    assert (3, 384) == vectors.shape
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


async def test_an_analysis_fits_its_schema_and_quotes_verbatim(
    client: openai.AsyncOpenAI, script: dict[str, Any]
) -> None:
    """Strict structured output, each quote in the words of the utterances it names."""
    said = {f"u{n}": turn for n, turn in enumerate(script["turns"], start=1)}
    rows = [f"[{id_} 00:00 {turn['speaker']}] {turn['text']}" for id_, turn in said.items()]

    completion = await client.chat.completions.parse(
        model="any",
        messages=[
            {"role": "system", "content": "Analyse the call."},
            {"role": "user", "content": "\n".join(["BEGIN TRANSCRIPT", *rows, "END TRANSCRIPT"])},
        ],
        response_format=Insights,
    )

    found = completion.choices[0].message.parsed
    assert found is not None
    findings: list[Objection | NextStep] = [*found.objections, *found.next_steps]
    quotes = [one for finding in findings for one in finding.evidence]
    assert [] == [one for one in quotes if one.quote not in said[one.utterance_ids[0]]["text"]]
    assert 3 <= len(quotes)
    assert ("local-rules", "next_step_agreed") == (completion.model, found.call_outcome)


async def test_what_the_rules_cannot_tell_is_refused(client: openai.AsyncOpenAI) -> None:
    """No answer is pretended."""
    with pytest.raises(openai.BadRequestError, match="sign"):
        await client.chat.completions.parse(
            model="any",
            messages=[{"role": "user", "content": "[u1 00:00 agent] Hello."}],
            response_format=Horoscope,
        )


async def test_the_models_say_that_they_are_local(client: openai.AsyncOpenAI) -> None:
    """Whatever name was asked for, nobody is told it was another's model."""
    names = [model.id async for model in client.models.list()]

    assert ["local-whisper-base", "local-minilm-l6-v2", "local-minilm", "local-rules"] == names


def test_altered_weights_stop_the_start(tmp_path: Path, port: int) -> None:
    """One clear line, and nothing is served."""
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"altered")

    ended = subprocess.run(  # noqa: S603 - our own server
        [sys.executable, "-m", "onebox.models", "--port", str(port), "--weights-cache", str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"ONEBOX_CACHE": ""},
    )

    assert 1 == ended.returncode
    assert ended.stderr.decode().startswith("models: ")
    assert "model.bin has not the sha256" in ended.stderr.decode()
