"""Make a call searchable."""
