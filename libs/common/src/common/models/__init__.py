"""The registry of models: what each takes and gives, costs, and until when it lives (November 2026)."""
