"""How well the gold dialogues are found: by words, by meaning, and by both."""
