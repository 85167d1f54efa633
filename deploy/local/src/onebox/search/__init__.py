"""A strict OpenSearch stand-in: the REST calls of an index of passages, on SQLite FTS5 and numpy."""
