"""What a person sees: the command line and the web app, one folder a feature. It owns no truth."""
