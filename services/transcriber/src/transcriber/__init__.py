"""Turn a recording into a transcript on our own timeline."""
