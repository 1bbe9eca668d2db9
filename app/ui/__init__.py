"""What Gradio shows: the page with its four views, its theme, and the form of a question."""
