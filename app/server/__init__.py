"""The web server: `serve.serve` starts it, `application.build` makes the app; `gate`, `offline` and `static` guard and feed it."""
