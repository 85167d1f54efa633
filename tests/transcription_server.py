"""A transcriptions endpoint for tests: it remembers every form, and answers what it is told to."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from common.fair import Turns
from common.gate import Gate, Patience
from common.models.speech import SpeechModel, known_speech_model
from openai import AsyncOpenAI
from transcriber.request import Request
from transcriber.speech import Recogniser
from transcriber.transcriptions import Transcriptions
from transcriber.vocabulary import Vocabulary

Form = Mapping[str, list[Any]]


@dataclass
class Provider:
    """``forms`` holds all values of each field, a file's content as bytes; ``files`` their names."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"text": "Hello there."})
    headers: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Note the form, and answer."""
        form = defaultdict(list)
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                self.files.append(value.filename)
            form[name].append(value.file.read() if isinstance(value, web.FileField) else value)
        self.forms.append(dict(form))
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)

    @property
    def fields(self) -> list[dict[str, list[Any]]]:
        """The forms without the sound."""
        return [{name: values for name, values in form.items() if name != "file"} for form in self.forms]


@asynccontextmanager
async def serving(provider: Provider) -> AsyncIterator[AsyncOpenAI]:
    """A client of *provider* on a free loopback port."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/audio/transcriptions", provider.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        async with AsyncOpenAI(api_key="test", base_url=provider.url, max_retries=0) as client:
            yield client
    finally:
        await runner.cleanup()


def row(model: str) -> SpeechModel:
    """A model's row; of an unknown one, what nobody described."""
    return known_speech_model(model) or SpeechModel(usd_per_minute=None)


def transcriptions(client: AsyncOpenAI, model: str, *, limit: int = 16) -> Transcriptions:
    """The door to one model of OpenAI's."""
    return Transcriptions(client, Gate("openai", model, patience=Patience(hold=0)), row(model), Turns(limit))


def recogniser(
    client: AsyncOpenAI, request: Request, terms: Mapping[str, tuple[str, ...]] | None = None
) -> Recogniser:
    """Whoever asks it."""
    return Recogniser(transcriptions(client, request.name), request, Vocabulary(terms or {}))
