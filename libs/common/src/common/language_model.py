"""An OpenAI-compatible chat model that answers in a given shape, or says why it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from httpx2 import HTTPError
from openai import AsyncOpenAI
from pydantic import BaseModel

from common.chunked import Told, listen
from common.completions import Completion, CutOff, Usage, parsed, read
from common.errors import Transient, raising
from common.gate import Gate, Need
from common.model import Work
from common.models.text import CHAT, ChatModel
from common.providers import Asked
from common.shapes import strict

A = TypeVar("A", bound=BaseModel)

BYTES_PER_TOKEN: Final = 32  # of an answer, escaped as JSON in JSON: more than any tokeniser makes of one
ENVELOPE: Final = 65_536  # bytes of an answer around its text
MILLION: Final = 1_000_000
PIECE: Final = 1024  # bytes around each token's text, where an answer comes in pieces

_Question = dict[str, Any]
"""The arguments of a request."""

__all__ = ["Answer", "CutOff", "LanguageModel"]


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """What the model said, in the shape that was asked for, and what it took."""

    content: A
    work: Work


class LanguageModel:
    """One chat model of one provider; *row* is what is known of it, unless the registry knows."""

    def __init__(
        self,
        client: AsyncOpenAI,
        gate: Gate,
        *,
        max_output_tokens: int = 16_000,
        row: ChatModel | None = None,
        seed: int | None = None,
    ) -> None:
        self._client = client
        self._gate = gate
        self.name = gate.model
        self.seed = seed
        self._row = row or CHAT.get(gate.model)
        self._max_output_tokens = max_output_tokens

    @property
    def parameters(self) -> Mapping[str, str]:
        """What is sent with each question, besides the seed."""
        return {name: str(value) for name, value in self._options().items() if name != "seed"}

    async def answer(
        self, instructions: str, content: str, shape: type[A], at_most: Mapping[str, int] | None = None
    ) -> Answer[A]:
        """Ask once, for an answer that fits *shape* (strict structured output).

        *at_most*: how many items lists of the answer can have, for models that can be told.

        Raises:
            Transient: the provider is busy or down, or its answer did not fit (reason ``provider_answer``).
            Permanent: it refused the request.
            CutOff: its answer was cut off at the token limit.
        """

        async def request(asked: Asked) -> Answer[A]:
            completion = await self._completed(self._question(instructions, content, shape, at_most))
            work = self._work(completion)
            asked.paid(work)
            return Answer(parsed(completion, shape, work), work)

        return await self._gate.ask("asking the language model", self.need(instructions + content), request)

    async def answer_in_pieces(
        self, instructions: str, content: str, shape: type[A], tell: Told
    ) -> Answer[A]:
        """The same, and *tell* hears the answer's text while it comes: unchecked, and perhaps never ending.

        Whoever cancels this closes the connection: the provider need not go on.
        """

        async def request(asked: Asked) -> Answer[A]:
            completion = await self._recited(self._question(instructions, content, shape), tell)
            work = self._work(completion)
            asked.paid(work)
            return Answer(parsed(completion, shape, work), work)

        return await self._gate.ask("asking the language model", self.need(instructions + content), request)

    def need(self, text: str) -> Need:
        """What a request with this text takes at most."""
        tokens = len(text.encode())  # each byte at most one: no tokeniser makes more of it
        usd = self._cost(tokens, self._max_output_tokens)
        return Need(usd=usd, tokens=tokens + self._max_output_tokens)

    def affordable(self, usd: float) -> int | None:
        """Bytes of a question that costs no more than *usd* with its answer; None where nothing costs."""
        answer, more = self._cost(0, self._max_output_tokens), self._cost(MILLION, 0)
        if answer is None or not more:
            return None
        return max(0, int((usd - answer) / more * MILLION))

    async def _completed(self, question: _Question) -> Completion:
        most = ENVELOPE + BYTES_PER_TOKEN * self._max_output_tokens
        with raising("reading the language model's answer", {HTTPError: Transient}):
            async with self._client.chat.completions.with_streaming_response.create(**question) as response:
                return await read(response.iter_bytes(), most)

    async def _recited(self, question: _Question, tell: Told) -> Completion:
        most = ENVELOPE + (BYTES_PER_TOKEN + PIECE) * self._max_output_tokens
        with raising("reading the language model's answer", {HTTPError: Transient}):
            async with self._client.chat.completions.with_streaming_response.create(
                stream=True,
                stream_options={"include_usage": True},
                **question,
            ) as response:
                completion = await listen(response.iter_bytes(), most, tell)
        said = "".join(each["content"] for each in question["messages"])
        return completion if completion.usage else _counted(completion, said)

    def _question(
        self,
        instructions: str,
        content: str,
        shape: type[BaseModel],
        at_most: Mapping[str, int] | None = None,
    ) -> _Question:
        bounded = self._row is not None and self._row.bounds_lists
        return {
            "model": self.name,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": content},
            ],
            "response_format": strict(shape, self._max_output_tokens if bounded else None, at_most),
            **self._options(),
        }

    def _cost(self, tokens_in: int, tokens_out: int) -> float | None:
        if self._gate.provider == "local":
            return 0.0
        return self._row.cost(tokens_in, tokens_out) if self._row else None

    def _options(self) -> dict[str, Any]:
        """gpt-5 and later reason unless told not to, and name the token limit anew."""
        options: dict[str, Any] = {"max_completion_tokens": self._max_output_tokens}
        if self.name.startswith(("gpt-5", "gpt-6")):
            options["reasoning_effort"] = "none"
        return options if self.seed is None else options | {"seed": self.seed}

    def _work(self, completion: Completion) -> Work:
        usage = completion.usage
        tokens_in, tokens_out = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        return Work(
            provider=self._gate.provider,
            model=completion.model or self.name,
            cost_usd=self._cost(tokens_in, tokens_out),
            requests=1,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
        )


def _counted(completion: Completion, asked: str) -> Completion:
    """With the most that it can have taken, if the provider does not tell: no token is less than a byte."""
    said = "".join(choice.message.content or "" for choice in completion.choices)
    usage = Usage(prompt_tokens=len(asked.encode()), completion_tokens=len(said.encode()))
    return completion.model_copy(update={"usage": usage})
