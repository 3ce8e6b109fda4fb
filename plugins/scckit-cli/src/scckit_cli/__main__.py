"""``python -m scckit_cli`` is ``scckit``."""

import sys

from scckit_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
