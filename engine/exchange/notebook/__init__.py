"""A run as a Jupyter notebook that runs without Taproot and without a model: it carries helpers, record and documents."""
