"""Models: `service.Models` loads and switches, `download` fetches, `model_files.Shelf` says which files are there."""
