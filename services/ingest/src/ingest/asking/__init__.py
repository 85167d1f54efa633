"""Questions about calls, answered from what was said in them and from nothing else."""
