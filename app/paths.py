"""Where the project stands on the disk."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
