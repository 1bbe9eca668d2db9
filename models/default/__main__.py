"""Make the default model where it is not there yet: `python -m models.default`. Set-up runs this.

Exit status 0 when it is there, 1 when it cannot be made; the reason is one line on stderr.
"""

import sys

from engine.errors import TaprootError
from models.default import provide

if __name__ == "__main__":
    try:
        provide(lambda line: print(f"taproot: {line}", file=sys.stderr, flush=True))
    except TaprootError as error:
        sys.exit(f"taproot: {error}")
