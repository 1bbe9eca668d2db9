"""The bench: `service.Measuring` measures the loaded model in a thread, with routes and a page."""
