"""What embedding models take and give, and how a text's tokens are counted without a vocabulary."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yamls
from common.errors import Transient
from common.models.embedding import EMBEDDING, tokens_about, tokens_at_most
from common.settings import AwsSettings, SettingsError
from common.vectors import Vector
from common.vectors.edge import Room, usable
from common.vectors.settings import Bedrock, EmbeddingSettings, embedding_provider
from hypothesis import given
from hypothesis import strategies as st
from onebox.models import weights
from tokenizers import Tokenizer

DIALOGUES = Path(__file__).parents[3] / "services" / "analyzer" / "evals" / "dialogues"
TITAN = "amazon.titan-embed-text-v2:0"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """MiniLM's: the only one whose vocabulary is at hand."""
    found = Tokenizer.from_file(str(weights.minilm() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def english() -> list[str]:
    """The gold dialogues in English, as chunks write lines."""
    read = [yamls.read(path) for path in sorted(DIALOGUES.glob("*.yaml"))]
    return [
        "\n".join(f"{line['speaker']}: {line['text']}" for line in dialogue["lines"])
        for dialogue in read
        if dialogue["language"] == "en"
    ]


def test_a_text_is_counted_rather_too_long(tokenizer: Tokenizer) -> None:
    """English speech is never longer than we think, nor half as short."""
    shares = [len(tokenizer.encode(text).ids) / tokens_about(text) for text in english()]

    assert len(shares) > 40
    assert 0.5 < min(shares)
    assert max(shares) <= 1


@given(st.text(max_size=200))
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    """And the other count is never above this one."""
    assert tokens_about(text) <= tokens_at_most(text)


@given(st.lists(st.text(max_size=30), max_size=20))
def test_requests_hold_what_fits_in_order(texts: list[str]) -> None:
    """Every text once; a single one may be too long, and is then alone."""
    room = Room(inputs=3, tokens=40)
    batches = list(room.batches(texts))

    assert texts == [text for batch in batches for text in batch]
    assert all(len(batch) == 1 or room.fits(len(batch), sum(map(tokens_at_most, batch))) for batch in batches)


@pytest.mark.parametrize(
    ("model", "dimensions", "gives"),
    [
        ("text-embedding-3-small", 1536, True),
        ("text-embedding-3-small", 700, True),
        ("text-embedding-3-small", 1537, False),
        (TITAN, 512, True),
        (TITAN, 700, False),
        ("local-minilm", 256, False),
    ],
)
def test_a_model_gives_vectors_of_some_sizes(model: str, dimensions: int, *, gives: bool) -> None:
    """Some may be asked for any that are shorter."""
    assert gives is EMBEDDING[model].gives(dimensions)


def test_whoever_counts_requests_is_sent_larger_chunks() -> None:
    """And none that it would refuse."""
    assert EMBEDDING[TITAN].chunk > EMBEDDING["text-embedding-3-small"].chunk
    assert all(row.chunk <= row.max_input for row in EMBEDDING.values())


BAD: Mapping[str, list[Vector]] = {
    "too few": [[1.0, 0.0]],
    "two sizes": [[1.0, 0.0], [1.0]],
    "another size": [[1.0], [1.0]],
    "nowhere": [[1.0, 0.0], [0.0, 0.0]],
    "no number": [[1.0, 0.0], [float("nan"), 1.0]],
    "endless": [[1.0, 0.0], [float("inf"), 1.0]],
}


@pytest.mark.parametrize("vectors", BAD.values(), ids=BAD.keys())
def test_vectors_that_no_index_can_hold_are_no_answer(vectors: list[Vector]) -> None:
    """They are asked for again; what is of use stays as it is."""
    with pytest.raises(Transient):
        usable(vectors, 2, 2)

    with pytest.raises(Transient, match="of 2 numbers, not 3: set EMBEDDING_DIMENSIONS"):
        usable([[1.0, 0.0], [0.0, 2.0]], 2, 3)
    assert ([1.0, 0.0], [0.0, 2.0]) == usable([[1.0, 0.0], [0.0, 2.0]], 2, 2)


REFUSED = {
    "not Bedrock's": ({"PROVIDER": "bedrock"}, f"no model we know on Bedrock; set {TITAN}"),
    "unknown there": ({"PROVIDER": "bedrock", "MODEL": "cohere.embed-v9"}, f"cohere.embed-v9.*set {TITAN}"),
    "Bedrock's alone": ({"MODEL": TITAN}, "set EMBEDDING_PROVIDER=bedrock"),
    "no such size": (
        {"PROVIDER": "bedrock", "MODEL": TITAN, "DIMENSIONS": "700"},
        "EMBEDDING_DIMENSIONS.*1024 or 512 or 256 numbers, not 700",
    ),
    "too large": ({"DIMENSIONS": "2000"}, "from 1 to 1536 numbers, not 2000"),
    "nobody": ({"PROVIDER": "nobody"}, "EMBEDDING_PROVIDER: has to be 'openai' or 'bedrock'"),
}


@pytest.mark.parametrize(("chosen", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_go_together_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], told: str
) -> None:
    """Cause and remedy in one line."""
    for name, value in chosen.items():
        monkeypatch.setenv(f"EMBEDDING_{name}", value)

    with pytest.raises(SettingsError, match=told):
        EmbeddingSettings.read()


@pytest.mark.parametrize(
    ("chosen", "size"),
    [
        ({}, 1536),
        ({"MODEL": "text-embedding-3-large"}, 3072),
        ({"DIMENSIONS": "256"}, 256),
        ({"MODEL": "bge-m3"}, None),
        ({"MODEL": "bge-m3", "DIMENSIONS": "1024"}, 1024),
        ({"PROVIDER": "bedrock", "MODEL": TITAN}, 1024),
    ],
)
def test_the_size_of_vectors_is_known_where_it_can_be(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], size: int | None
) -> None:
    """As chosen, else as the registry has it."""
    for name, value in chosen.items():
        monkeypatch.setenv(f"EMBEDDING_{name}", value)

    assert size == EmbeddingSettings.read().vector_size


@pytest.mark.parametrize(
    ("endpoints", "name", "address"),
    [
        ({}, "aws.bedrock", "bedrock.eu-central-1"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "local", "http://127.0.0.1:1"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://vpce.test",
            },
            "aws.bedrock",
            "https://vpce.test",
        ),
    ],
    ids=["AWS", "one stand-in for all", "its own"],
)
def test_bedrock_is_where_botocore_would_look(
    monkeypatch: pytest.MonkeyPatch, endpoints: dict[str, str], name: str, address: str
) -> None:
    """It needs no key of ours."""
    chosen = {"EMBEDDING_PROVIDER": "bedrock", "EMBEDDING_MODEL": TITAN, "AWS_REGION": "eu-central-1"}
    for variable, value in {**chosen, **endpoints}.items():
        monkeypatch.setenv(variable, value)

    provider = embedding_provider(EmbeddingSettings.read(), AwsSettings.read())

    assert isinstance(provider, Bedrock)
    assert (name, address, TITAN) == (provider.name, provider.base_url, provider.model)
