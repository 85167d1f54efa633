"""How a developer's services are run."""

from common.pipeline import INGEST
from onebox.dev import started


def test_a_page_under_development_may_call_the_api() -> None:
    """Here alone: no deployment trusts it; whoever names another one is obeyed."""
    usual = started(INGEST, 8000, {}).env["CORS_ORIGINS"]
    chosen = started(INGEST, 8000, {"CORS_ORIGINS": '["http://localhost:5173"]'}).env["CORS_ORIGINS"]

    assert ('["http://localhost:3000"]', '["http://localhost:5173"]') == (usual, chosen)
