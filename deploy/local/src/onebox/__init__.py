"""The whole of Callstream on one machine with nothing installed: its servers and its services."""
