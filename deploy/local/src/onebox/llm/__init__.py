"""A real language model on this machine: its published file, fetched once, behind llama.cpp's own server."""
