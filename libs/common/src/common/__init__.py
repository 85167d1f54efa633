"""The language the four stages share: events, nouns, errors, stores and edges. Read ``pipeline.py`` first."""
