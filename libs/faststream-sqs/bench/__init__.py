"""Benchmarks of the broker against its peers, no part of the wheel: `python -m bench` in this folder."""
