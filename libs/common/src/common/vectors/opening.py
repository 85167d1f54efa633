"""Open and close the embedder an operator chose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.clients import open_bedrock, open_openai
from common.gate import Gate
from common.settings import AwsSettings
from common.vectors.edge import Embedder
from common.vectors.openai import OpenAIEmbedder
from common.vectors.settings import Bedrock, EmbeddingSettings, embedding_provider
from common.vectors.titan import TitanEmbedder


@asynccontextmanager
async def open_embedder(
    settings: EmbeddingSettings, aws: AwsSettings, gate: Gate, *, read_timeout: float
) -> AsyncIterator[Embedder]:
    """The embedder behind *gate*, which is that of ``embedding_provider``'s model."""
    provider, dimensions = embedding_provider(settings, aws), settings.embedding_dimensions or None
    if isinstance(provider, Bedrock):
        async with open_bedrock(provider.endpoint, aws.aws_region, read_timeout=read_timeout) as client:
            yield TitanEmbedder(client, gate, dimensions)
    else:
        async with open_openai(provider, read_timeout=read_timeout) as openai:
            yield OpenAIEmbedder(openai, gate, dimensions)
