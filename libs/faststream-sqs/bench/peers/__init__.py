"""One worker script per peer, each run in its own process and environment."""
