"""A chat completion as it comes over the wire: read up to a bound, and told apart from what is none."""

from collections.abc import AsyncIterator
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from common.errors import Permanent, Transient
from common.model import Work

A = TypeVar("A", bound=BaseModel)


class CutOff(Permanent):
    """The answer was cut off at the token limit; ``work`` is what it took all the same."""

    def __init__(self, work: Work) -> None:
        super().__init__("the answer was cut off at the token limit", reason="answer_too_long")
        self.work = work


class Message(BaseModel):
    """What was said, or refused."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One answer, and why it ends where it does."""

    message: Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens, as the provider counts them."""

    prompt_tokens: int = Field(0, ge=0)
    completion_tokens: int = Field(0, ge=0)


class Completion(BaseModel):
    """Of an answer what we read; providers add to it as they like."""

    object: Literal["chat.completion"]
    model: str | None = None
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None


async def read(body: AsyncIterator[bytes], most: int) -> Completion:
    """The completion in *body*, of at most so many bytes.

    Raises:
        Transient: it is longer, or none (reason ``provider_answer``).
    """
    read = bytearray()
    async for piece in body:
        read += piece
        if len(read) > most:
            raise Transient("the answer is longer than any answer can be", reason="provider_answer")
    try:
        return Completion.model_validate_json(bytes(read))
    except ValidationError as error:
        raise Transient("the answer cannot be read", reason="provider_answer") from error


def parsed(completion: Completion, shape: type[A], work: Work) -> A:
    """What the model said, in the shape that was asked for.

    Raises:
        Transient: it said nothing, or something else (reason ``provider_answer``).
        Permanent: it refuses, or was cut off.
    """
    if not completion.choices:
        raise Transient("the model's answer holds no choice", reason="provider_answer")
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Permanent("the model refuses to answer", reason="provider_refused")
    if choice.finish_reason == "length":
        raise CutOff(work)
    if not choice.message.content:
        raise Transient("the model's answer is empty", reason="provider_answer")
    try:
        return shape.model_validate_json(choice.message.content)
    except ValidationError as error:
        raise Transient("the answer does not fit the shape", reason="provider_answer") from error
