"""An OpenAI-compatible chat model that answers in a given shape, or says why it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from openai import AsyncOpenAI, ContentFilterFinishReasonError, LengthFinishReasonError
from pydantic import BaseModel, ValidationError

from common.errors import Permanent, Transient
from common.gate import Gate, Need
from common.model import Work
from common.prices import chat_cost
from common.providers import Asked

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """What the model said, in the shape that was asked for, and what it took."""

    content: A
    work: Work


class LanguageModel:
    """One chat model of one provider."""

    def __init__(self, client: AsyncOpenAI, gate: Gate, *, max_output_tokens: int = 16_000) -> None:
        self._client = client
        self._gate = gate
        self.name = gate.model
        self._max_output_tokens = max_output_tokens

    async def answer(self, instructions: str, content: str, shape: type[A]) -> Answer[A]:
        """Ask once, for an answer that fits *shape* (strict structured output).

        Raises:
            Transient: the provider is busy or down, or its answer did not fit (reason ``provider_answer``).
            Permanent: it refused the request, or its answer was cut off at the token limit.
        """

        async def request(asked: Asked) -> Answer[A]:
            with self._reading(asked):
                completion = await self._client.chat.completions.parse(
                    model=self.name,
                    messages=[
                        {"role": "system", "content": instructions},
                        {"role": "user", "content": content},
                    ],
                    response_format=shape,
                    **self._options(),
                )
                work = self._work(completion)
                asked.paid(work)
                return Answer(_parsed(completion, shape), work)

        return await self._gate.ask("asking the language model", self.need(instructions + content), request)

    def need(self, text: str) -> Need:
        """What a request with this text takes at most."""
        tokens = len(text.encode())  # each byte at most one: no tokeniser makes more of it
        usd = self._cost(tokens, self._max_output_tokens)
        return Need(usd=usd, tokens=tokens + self._max_output_tokens)

    def _cost(self, tokens_in: int, tokens_out: int) -> float | None:
        return 0.0 if self._gate.provider == "local" else chat_cost(self.name, tokens_in, tokens_out)

    @contextmanager
    def _reading(self, asked: Asked) -> Iterator[None]:
        """Answers that came but are none, told apart before the SDK's other errors are."""
        try:
            yield
        except LengthFinishReasonError as error:
            asked.paid(self._work(error.completion))
            raise Permanent("the answer was cut off at the token limit", reason="answer_too_long") from error
        except ContentFilterFinishReasonError as error:
            raise Permanent("the provider filters the answer", reason="provider_refused") from error
        except ValidationError as error:
            raise Transient("the answer does not fit the shape", reason="provider_answer") from error

    def _options(self) -> dict[str, Any]:
        """gpt-5 and later reason unless told not to, and name the token limit anew."""
        options: dict[str, Any] = {"max_completion_tokens": self._max_output_tokens}
        if self.name.startswith(("gpt-5", "gpt-6")):
            options["reasoning_effort"] = "none"
        return options

    def _work(self, completion: Any) -> Work:
        usage = completion.usage
        tokens_in, tokens_out = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        model = completion.model or self.name
        return Work(
            provider=self._gate.provider,
            model=model,
            cost_usd=self._cost(tokens_in, tokens_out),
            requests=1,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
        )


def _parsed(completion: Any, shape: type[A]) -> A:
    if not completion.choices:
        raise Transient("the model's answer holds no choice", reason="provider_answer")
    message = completion.choices[0].message
    if message.refusal:
        raise Permanent("the model refuses to answer", reason="provider_refused")
    if not isinstance(message.parsed, shape):
        raise Transient("the model's answer is empty", reason="provider_answer")
    return message.parsed
