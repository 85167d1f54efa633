"""OpenAI-compatible speech, chat and embeddings on this machine alone, named as the local models they are."""

import os

# Read once, when numpy is imported: on shared cores OpenBLAS's waiting threads cost eight times the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
