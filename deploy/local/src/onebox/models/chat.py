"""POST /v1/chat/completions: answered by rules over the lines of a transcript, or of excerpts of several."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.errors import ApiError
from onebox.models.extracts import Excerpts, Reader, read_excerpts
from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.analyst import Analyst
from onebox.models.rules.criteria import Criterion, read_criteria
from onebox.models.rules.filling import UnfillableError, filled
from onebox.models.rules.lines import Line, other_text, read_lines

NAME = "local-rules"

# Rules do not sample: what only steers sampling, or names the caller, is taken and has no effect.
_WITHOUT_EFFECT = {
    "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "reasoning_effort", "verbosity",
    "user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "presence_penalty",
    "frequency_penalty", "prompt_cache_retention",
}  # fmt: skip
_ANSWERS = {"answer", "evidence"}
"""What a schema asks for that is about the prompt's question, and not the call as a whole."""
_KNOWN = _WITHOUT_EFFECT | {"model", "messages", "response_format", "stream", "stream_options", "n"}


@dataclass(frozen=True)
class Asked:
    """One request, read and found to be understood."""

    prompt: str
    """All messages' text, for counting."""
    lines: Sequence[Line]
    question: str | None
    criteria: Sequence[Criterion]
    schema: Mapping[str, Any] | None
    excerpts: Excerpts | None = None
    stream: bool = False
    counted: bool = False
    """Whether a stream ends with how many tokens it took."""


def understand(body: dict[str, Any]) -> Asked:
    """Check every field, so that nothing is ignored in silence; raise ApiError."""
    for name in body:
        if name not in _KNOWN:
            raise ApiError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if not isinstance(body.get("model"), str):
        raise ApiError("You must provide a model.", param="model", code="missing_required_parameter")
    if body.get("n") not in {None, 1}:
        raise ApiError("The local rules give one answer.", param="n", code="unsupported_value")
    texts = _texts(body.get("messages"))
    last = next((text for role, text in reversed(texts) if role == "user"), "")
    excerpts = read_excerpts(last)
    lines = () if excerpts else read_lines(last)
    if not lines and not excerpts:
        raise ApiError(
            "The local rules read a transcript: lines like '[u1 00:03 agent] text' in the last user message.",
            param="messages",
        )
    rest = other_text(last)
    return Asked(
        prompt="\n".join(text for _, text in texts),
        lines=lines,
        question=next(reversed(rest), None),
        criteria=read_criteria(rest),
        schema=_schema(body.get("response_format")),
        excerpts=excerpts,
        stream=_flag(body, "stream"),
        counted=_flag(body.get("stream_options", {}), "include_usage"),
    )


def _flag(options: Any, name: str) -> bool:
    value = options.get(name, False) if isinstance(options, dict) else None
    if value not in {True, False, None} or value is None:
        raise ApiError(f"{name} is true or false.", param=name)
    return bool(value)


def _texts(messages: Any) -> list[tuple[str, str]]:
    if not isinstance(messages, list) or not messages:
        raise ApiError("messages is a list, and not empty.", param="messages")
    return [_text(message) for message in messages]


def _text(message: Any) -> tuple[str, str]:
    match message:
        case {"role": str(role), "content": str(content)}:
            return role, content
        case {"role": str(role), "content": [*parts]} if all(_is_text(part) for part in parts):
            return role, "\n".join(part["text"] for part in parts)
    raise ApiError("A message has a role and text.", param="messages")


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _schema(response_format: Any) -> Mapping[str, Any] | None:
    match response_format:
        case None | {"type": "text"}:
            return None
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return schema
    raise ApiError("response_format is 'text', or 'json_schema' with its schema.", param="response_format")


class Assistant:
    """Answers in words of the transcript, or in the client's schema."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._analyst = Analyst(encoder)
        self._reader = Reader(encoder)

    def answer(self, asked: Asked) -> dict[str, Any]:
        """A chat completion; raise ApiError where the rules have nothing to say."""
        content = self._in_words(asked) if asked.schema is None else self._in_json(asked, asked.schema)
        prompt, completion = map(len, self._encoder.pieces([asked.prompt, content]))
        return {
            "id": f"chatcmpl-local-{hashlib.sha256(content.encode()).hexdigest()[:24]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": NAME,
            "choices": [_choice(content)],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }

    def _in_json(self, asked: Asked, schema: Mapping[str, Any]) -> str:
        if asked.excerpts:
            findings = self._reader.answer(asked.excerpts)
        else:
            findings = self._analyst.analyse(asked.lines, asked.criteria)
            if _ANSWERS & set(schema.get("properties", {})):
                findings |= self._answers(asked)
        try:
            return json.dumps(filled(findings, schema), ensure_ascii=False)
        except UnfillableError as error:
            raise ApiError(str(error), param="response_format", code="unsupported_schema") from error

    def _answers(self, asked: Asked) -> dict[str, Any]:
        near = self._analyst.answer(asked.lines, asked.question) if asked.question else []
        if not near:
            return {}
        words = " ".join(sentence.text for sentence in near)
        return {"answer": words, "evidence": [sentence.evidence() for sentence in near]}

    def _in_words(self, asked: Asked) -> str:
        answers = self._answers(asked)
        if not answers:
            raise ApiError(
                "Nothing in the transcript is near the question.", param="messages", code="no_answer"
            )
        return str(answers["answer"])


def _choice(content: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
