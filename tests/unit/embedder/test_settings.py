"""How an operator has calls cut, and what is refused at start."""

import pytest
from common.models.embedding import EMBEDDING
from contract.harness import settings
from embedder.chunks import Limits
from embedder.settings import Settings
from pydantic import ValidationError

TITAN = "amazon.titan-embed-text-v2:0"


@pytest.mark.parametrize("model", ["text-embedding-3-small", "local-minilm", TITAN])
def test_chunks_are_as_large_as_suits_the_model(model: str) -> None:
    """Unless somebody says otherwise."""
    row = EMBEDDING[model]
    chosen = {"embedding_provider": row.provider, "embedding_model": model}

    usual = Settings.model_validate(settings(**chosen))
    larger = Settings.model_validate(
        settings(**chosen, chunk_max_tokens="1000", chunk_overlap_utterances="0")
    )

    assert Limits(row.chunk, 30_000, 1, row.max_input) == usual.chunk_limits
    assert Limits(1000, 30_000, 0, row.max_input) == larger.chunk_limits


@pytest.mark.parametrize("tokens", ["10", "8193"])
def test_chunks_that_nobody_can_use_are_refused(tokens: str) -> None:
    """With what may be chosen."""
    with pytest.raises(ValidationError, match="takes up to 8192 tokens; choose from 64 to 8192, or 0"):
        Settings.model_validate(settings(chunk_max_tokens=tokens))
