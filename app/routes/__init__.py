"""The app's own routes below /api, one module per noun; each has `router(workbench)`."""
