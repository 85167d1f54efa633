"""The broker and its routers."""
