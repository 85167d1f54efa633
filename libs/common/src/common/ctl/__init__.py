"""``pipelinectl``: look into the pipeline and mend it, from inside any of its images."""
