"""Quality and cost of a model by length of the input: suites from seeds, methods side by side, rows and a verdict."""
