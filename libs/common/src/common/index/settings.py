"""What an operator may choose of an index, before it is created."""

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from common.index.shape import Engine, Shape
from common.settings import OpenSearchSettings


class IndexSettings(OpenSearchSettings):
    """For whoever creates indexes; one that is there stays as it is."""

    opensearch_shards: PositiveInt = Field(
        1, description="Shards of a new index; a tenant's chunks are in one"
    )
    opensearch_replicas: NonNegativeInt = Field(1, description="Copies of each shard of a new index")
    opensearch_engine: Engine = Field(
        "lucene",
        description="What searches vectors of a new index: lucene, or faiss beyond ten million chunks",
    )
    opensearch_refresh_seconds: PositiveFloat = Field(
        1.0, description="How soon what was written to a new index is found; an embedder waits for it"
    )

    @property
    def shape(self) -> Shape:
        """As an index takes it."""
        return Shape(
            self.opensearch_shards,
            self.opensearch_replicas,
            self.opensearch_engine,
            self.opensearch_refresh_seconds,
        )
