"""Text to vectors, by whichever provider an operator chose."""

from common.vectors.edge import Embedded, Embedder, Vector

__all__ = ["Embedded", "Embedder", "Vector"]
