"""What OpenAPI shows of each answer: examples, and when it is refused."""
