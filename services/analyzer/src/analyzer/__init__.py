"""Conclude from a transcript, and check every quote against it."""
