"""A sales call analysed by word lists, patterns and labelled examples; silent where they know nothing."""
