"""``python -m scckit_cli`` and the command ``scckit``: the first moments, before anything of ours is imported."""

import os
import sys

__all__ = ["start"]


def start() -> int:
    """Do what the command line says; return the exit status."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - light, and open to the end
    try:
        from scckit_cli.main import main  # noqa: PLC0415 - Ctrl-C may come while it is imported

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("scckit: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(start())
