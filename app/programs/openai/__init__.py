"""An endpoint as OpenAI's over the library: `routes` serves it, `requests` reads, `responses` writes what goes over the wire."""
