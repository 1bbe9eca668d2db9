"""The frame around the pages: `page.page`, `theme.theme`, Gradio's queue; navigation, keys and toasts as static files."""
