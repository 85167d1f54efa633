"""Benchmarks of the broker against its peers; not part of the wheel. `python -m bench` in the package's folder."""
