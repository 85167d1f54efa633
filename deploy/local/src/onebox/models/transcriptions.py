"""POST /v1/audio/transcriptions: the form, the recogniser's answer, and what is refused."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from onebox.models.errors import ApiError
from onebox.models.speech import Heard, Question

Fields = Mapping[str, Sequence[str]]

_SINGLE = {"model", "language", "prompt", "response_format", "temperature", "stream", "chunking_strategy"}
_REPEATED = {"languages", "keywords", "timestamp_granularities"}
_UNSPEAKABLE = re.compile(r"[<>\r\n]")


@dataclass(frozen=True)
class Asked:
    """One form, read and found to be understood."""

    question: Question
    response_format: str
    granularities: frozenset[str]


async def read_form(request: web.Request, languages: frozenset[str]) -> Asked:
    """Read the multipart form; raise ApiError for anything not understood."""
    if request.content_type != "multipart/form-data":
        raise ApiError("Send multipart/form-data with the audio in `file`.", param="file")
    audio: bytes | None = None
    fields: dict[str, list[str]] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise ApiError("A part of the form has no name.")
        if part.name == "file":
            audio = bytes(await part.read())
        else:
            fields.setdefault(part.name.removesuffix("[]"), []).append(await part.text())
    if not audio:
        raise ApiError("The audio is missing.", param="file", code="missing_required_parameter")
    return understand(audio, fields, languages)


def understand(audio: bytes, fields: Fields, languages: frozenset[str]) -> Asked:
    """Check every field, so that nothing is ignored in silence; raise ApiError."""
    _refuse_unknown(fields)
    _refuse_unsupported(fields)
    granularities = _granularities(fields)
    wanted = _one(fields, "response_format") or "json"
    question = Question(
        audio,
        languages=_languages(fields, languages),
        prompt=_one(fields, "prompt"),
        keywords=_keywords(fields),
        segments=wanted == "verbose_json",
        words="word" in granularities,
    )
    return Asked(question, wanted, granularities)


def _refuse_unknown(fields: Fields) -> None:
    for name in fields:
        if name not in _SINGLE | _REPEATED:
            raise ApiError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    for name in _SINGLE:
        if len(fields.get(name, ())) > 1:
            raise ApiError(f"'{name}' may be given once.", param=name)
    if not _one(fields, "model"):
        raise ApiError("You must provide a model.", param="model", code="missing_required_parameter")


def _refuse_unsupported(fields: Fields) -> None:
    allowed: dict[str, Callable[[str], bool]] = {
        "response_format": lambda value: value in RENDERED,
        "stream": lambda value: value.lower() == "false",
        "chunking_strategy": lambda value: value == "auto",
        "temperature": _is_zero,
    }
    for name, is_allowed in allowed.items():
        value = _one(fields, name)
        if value is not None and not is_allowed(value):
            message = f"{name} '{value}' is not compatible with the local speech model."
            raise ApiError(message, param=name, code="unsupported_value")


def _is_zero(value: str) -> bool:
    try:
        return float(value) == 0
    except ValueError:
        return False


def _granularities(fields: Fields) -> frozenset[str]:
    wanted = frozenset(fields.get("timestamp_granularities", ()))
    if wanted - {"word", "segment"}:
        raise ApiError("Timestamps are of 'word' or 'segment'.", param="timestamp_granularities")
    if wanted and _one(fields, "response_format") != "verbose_json":
        raise ApiError("Timestamps need response_format 'verbose_json'.", param="timestamp_granularities")
    return wanted


def _languages(fields: Fields, known: frozenset[str]) -> tuple[str, ...]:
    single, several = fields.get("language", ()), fields.get("languages", ())
    if single and several:
        raise ApiError("Give `language` or `languages`, not both.", param="languages")
    chosen = tuple(single or several)
    for code in chosen:
        if code not in known:
            raise ApiError(f"Language '{code}' is not supported.", param="language", code="invalid_language")
    return chosen


def _keywords(fields: Fields) -> tuple[str, ...]:
    keywords = tuple(fields.get("keywords", ()))
    if any(_UNSPEAKABLE.search(keyword) for keyword in keywords):
        raise ApiError("A keyword is one line without '<' or '>'.", param="keywords")
    return keywords


def _one(fields: Fields, name: str) -> str | None:
    return next(iter(fields.get(name, ())), None)


def render(asked: Asked, heard: Heard) -> web.Response:
    """The answer in the format that was asked for."""
    return RENDERED[asked.response_format](asked, heard)


def _json(_asked: Asked, heard: Heard) -> web.Response:
    languages = [{"code": heard.language}] if heard.text else []
    return web.json_response({"text": heard.text, "languages": languages, "usage": usage(heard.seconds)})


def _text(_asked: Asked, heard: Heard) -> web.Response:
    return web.Response(text=f"{heard.text}\n")


def _verbose_json(asked: Asked, heard: Heard) -> web.Response:
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": heard.language,
        "duration": round(heard.seconds, 3),
        "text": heard.text,
        "usage": usage(heard.seconds),
    }
    if "segment" in asked.granularities or not asked.granularities:
        body["segments"] = [_segment(number, segment) for number, segment in enumerate(heard.segments)]
    if "word" in asked.granularities:
        body["words"] = [_word(word) for segment in heard.segments for word in segment.words or ()]
    return web.json_response(body)


def _segment(number: int, segment: Any) -> dict[str, Any]:
    copied = ("seek", "text", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob")
    times = {"id": number, "start": round(segment.start, 3), "end": round(segment.end, 3)}
    return times | {name: getattr(segment, name) for name in copied}


def _word(word: Any) -> dict[str, Any]:
    return {"word": word.word.strip(), "start": round(float(word.start), 3), "end": round(float(word.end), 3)}


def usage(seconds: float) -> dict[str, Any]:
    """Whole seconds, begun ones counted: how the cloud API bills."""
    return {"type": "duration", "seconds": math.ceil(seconds)}


RENDERED: Mapping[str, Callable[[Asked, Heard], web.Response]] = {
    "json": _json,
    "text": _text,
    "verbose_json": _verbose_json,
}
