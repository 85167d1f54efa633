"""What is searched: chunks of calls, and the note that they are indexed."""

from pydantic import Field

from common.model.calls import Work
from common.model.identity import CallKey, Milliseconds


class Indexed(CallKey):
    """That a call's chunks are in the index of one embedding model, and what it took."""

    chunks: int = Field(ge=0)
    work: Work


class Chunk(CallKey):
    """Consecutive utterances small enough to embed, under a stable id."""

    n: int = Field(ge=0)
    text: str
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    start_ms: Milliseconds
    end_ms: Milliseconds

    @property
    def chunk_id(self) -> str:
        """``tenant_id:call_id:revision:n``."""
        return f"{self.id}:{self.n}"
