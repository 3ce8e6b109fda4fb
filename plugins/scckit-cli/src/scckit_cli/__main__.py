"""``python -m scckit_cli`` and the command ``scckit``: the first moments, before anything of ours is imported."""

import os
import signal
import sys
from itertools import count

__all__ = ["start"]

#: The first presses of Ctrl-C let everything be put in order; with this one somebody insists.
_ENOUGH = 3


def start() -> int:
    """Do what the command line says; return the exit status."""
    presses = count(1)

    def interrupt(number: int, _: object) -> None:
        if next(presses) >= _ENOUGH:
            os.write(2, b"\nscckit: ended at once; files named .part may be left\n")
            os._exit(130)
        signal.default_int_handler(number, None)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored on purpose
        signal.signal(signal.SIGINT, interrupt)
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
