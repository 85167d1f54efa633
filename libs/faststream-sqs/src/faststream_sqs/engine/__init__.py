"""The SQS consumer and sender: plain asyncio over a client protocol, free of any framework."""
