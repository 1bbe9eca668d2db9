"""Downloads of models: `downloads.Fetches` starts and follows them, each a `fetch_process` of its own."""
