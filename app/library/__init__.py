"""The library: `service.Library` holds cards of documents; uploads, jobs that read, and the viewer."""
