"""``python -m scckit_cli`` is ``scckit``."""

import sys

from scckit_cli.main import main

sys.exit(main())
