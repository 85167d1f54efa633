"""The HTTP application: routes, worker threads and what each model is called."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from onebox.models import bedrock, chat, embeddings, pieces, transcriptions, weights
from onebox.models.errors import ApiError, openai_errors
from onebox.models.minilm import SentenceEncoder
from onebox.models.speech import Recogniser, UndecodableError

T = TypeVar("T")

_LARGEST_BODY = 26 * 1024 * 1024  # bytes: the cloud API's 25 MB of audio, and the form around it
_SPEECH_WORKERS = 2


@dataclass(frozen=True)
class Models:
    """Everything that is loaded before the first request is served."""

    speech: Recogniser
    encoder: SentenceEncoder
    assistant: chat.Assistant

    @property
    def names(self) -> tuple[str, ...]:
        """What the three models are called, one of them by two names."""
        return (self.speech.name, embeddings.NAME, embeddings.SHORT_NAME, chat.NAME)


MODELS = web.AppKey("models", Models)
HEARING = web.AppKey("hearing", ThreadPoolExecutor)
READING = web.AppKey("reading", ThreadPoolExecutor)


def load(cache: Path, environ: Mapping[str, str]) -> Models:
    """Find, verify and load the weights; raise WeightsError where they are not what they should be."""
    encoder = SentenceEncoder(weights.minilm())
    name, model = weights.whisper(cache, environ)
    return Models(Recogniser(name, model, str(cache), _SPEECH_WORKERS), encoder, chat.Assistant(encoder))


def create_app(models: Models) -> web.Application:
    """The application, which serves at once: everything is loaded."""
    app = web.Application(middlewares=[openai_errors], client_max_size=_LARGEST_BODY)
    app[MODELS] = models
    app.cleanup_ctx.append(_threads)
    app.router.add_post("/v1/audio/transcriptions", transcribe)
    app.router.add_post("/v1/embeddings", embed)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_post("/model/{model}/invoke", bedrock.aws_errors(invoke))
    app.router.add_get("/v1/models", list_models)
    app.router.add_get("/health", health)
    return app


async def _threads(app: web.Application) -> AsyncIterator[None]:
    """Speech has its own threads, so that a quick embedding never waits for a long recording."""
    with ThreadPoolExecutor(_SPEECH_WORKERS) as app[HEARING], ThreadPoolExecutor(1) as app[READING]:
        yield


async def transcribe(request: web.Request) -> web.Response:
    """POST /v1/audio/transcriptions."""
    speech = request.app[MODELS].speech
    asked = await transcriptions.read_form(request, speech.languages)
    try:
        heard = await _in_thread(request.app[HEARING], lambda: speech.recognise(asked.question))
    except UndecodableError as error:
        raise ApiError(str(error), param="file", code="invalid_audio") from error
    return _named(transcriptions.render(asked, heard), speech.name)


async def embed(request: web.Request) -> web.Response:
    """POST /v1/embeddings."""
    encoder = request.app[MODELS].encoder
    asked = embeddings.understand(await _json_object(request))
    body = await _in_thread(request.app[READING], lambda: embeddings.answer(asked, encoder))
    return _named(web.json_response(body), embeddings.NAME)


async def invoke(request: web.Request) -> web.Response:
    """POST /model/{model}/invoke."""
    encoder, signed = request.app[MODELS].encoder, request.headers.get("Authorization", "")
    asked = bedrock.understand(request.match_info["model"], signed, await request.read())
    return bedrock.response(*await _in_thread(request.app[READING], lambda: bedrock.answer(asked, encoder)))


async def complete(request: web.Request) -> web.StreamResponse:
    """POST /v1/chat/completions."""
    assistant = request.app[MODELS].assistant
    asked = chat.understand(await _json_object(request))
    body = await _in_thread(request.app[READING], lambda: assistant.answer(asked))
    if asked.stream:
        return await pieces.send(request, body, counted=asked.counted)
    return _named(web.json_response(body), chat.NAME)


async def list_models(request: web.Request) -> web.Response:
    """GET /v1/models."""
    data = [
        {"id": name, "object": "model", "created": 0, "owned_by": "local"}
        for name in request.app[MODELS].names
    ]
    return web.json_response({"object": "list", "data": data})


async def health(request: web.Request) -> web.Response:
    """GET /health."""
    return web.json_response({"status": "ok", "models": request.app[MODELS].names})


async def _in_thread(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise ApiError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise ApiError("The body is not a JSON object.")
    return body


def _named(response: web.Response, model: str) -> web.Response:
    response.headers["openai-model"] = model
    return response
