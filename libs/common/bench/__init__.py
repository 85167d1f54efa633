"""Our index beside a plain opensearch-py loop, on a real OpenSearch."""
