"""A server of the Model Context Protocol over stdin and stdout: `command` starts it, `tools` is what it offers."""
