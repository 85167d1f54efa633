"""A strict MongoDB stand-in: the wire protocol, CRUD with indexes and aggregation, on one SQLite file."""
