"""A chat completion that comes in pieces (server-sent events): each told as it comes, then put together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal

from pydantic import BaseModel, ValidationError

from common.completions import Choice, Completion, Message, Usage
from common.errors import Transient

Told = Callable[[str], Awaitable[None]]

_DATA: Final = b"data:"
_END: Final = b"[DONE]"


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Piece(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Chunk(BaseModel):
    object: Literal["chat.completion.chunk"]
    model: str | None = None
    choices: tuple[_Piece, ...] = ()
    usage: Usage | None = None


class _Heard:
    """What came so far."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._refusal: list[str] = []
        self._ended: str | None = None
        self._model: str | None = None
        self._usage: Usage | None = None

    def take(self, chunk: _Chunk) -> str:
        """Note a chunk; return what it adds to the answer."""
        self._model = chunk.model or self._model
        self._usage = chunk.usage or self._usage
        if not chunk.choices:
            return ""
        piece = chunk.choices[0]
        self._ended = piece.finish_reason or self._ended
        self._refusal.append(piece.delta.refusal or "")
        self._content.append(piece.delta.content or "")
        return self._content[-1]

    def completion(self) -> Completion:
        """The answer as it would have come in one piece."""
        if self._ended is None:
            raise Transient("the answer broke off", reason="provider_answer")
        message = Message(content="".join(self._content), refusal="".join(self._refusal) or None)
        choice = Choice(message=message, finish_reason=self._ended)
        return Completion(object="chat.completion", model=self._model, choices=(choice,), usage=self._usage)


async def listen(body: AsyncIterator[bytes], most: int, tell: Told) -> Completion:
    """Tell each piece of the answer in *body*, of at most so many bytes, and put them together.

    Raises:
        Transient: it is longer, broke off, or is no answer (reason ``provider_answer``).
    """
    heard = _Heard()
    async for data in _events(body, most):
        if data == _END:
            break
        if text := heard.take(_chunk(data)):
            await tell(text)
    return heard.completion()


def _chunk(data: bytes) -> _Chunk:
    try:
        return _Chunk.model_validate_json(data)
    except ValidationError as error:
        raise Transient("a piece of the answer cannot be read", reason="provider_answer") from error


async def _events(body: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """What the events carry; comments and other fields carry nothing of ours."""
    read, rest = 0, b""
    async for piece in body:
        read += len(piece)
        if read > most:
            raise Transient("the answer is longer than any answer can be", reason="provider_answer")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(_DATA):
                yield line.removeprefix(_DATA).strip()
