"""A server of the Model Context Protocol over stdin and stdout: `server` offers `app.programs.tools`."""
