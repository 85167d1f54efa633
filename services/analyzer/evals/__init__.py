"""How well a call is understood and found again: gold dialogues of our own, and questions about them."""
