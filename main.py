"""The HTTP door as ``uvicorn main:app`` expects it; its settings come from the environment."""

from ingest.app import create_app

app = create_app()
