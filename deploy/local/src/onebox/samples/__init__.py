"""Sales calls we wrote and synthesised ourselves, each with its script and what there is to find in it."""
