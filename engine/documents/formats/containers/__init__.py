"""Files that hold files: ZIP, TAR, 7z and compressed ones. Runs in the parser process only."""
