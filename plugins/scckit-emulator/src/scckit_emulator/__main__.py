"""``python -m scckit_emulator``: serves an emulator on loopback until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import get_args

from scckit_emulator.account import Account
from scckit_emulator.behaviour import Behaviour, Generation
from scckit_emulator.emulator import Emulator
from scckit_emulator.faults import Fault, Faults
from scckit_emulator.hostile import ArchiveFault

__all__ = ["main"]

_LAST_PORT = 65535
#: Faults that the command line knows by name, beside statuses.
_FAULTS: dict[str, Callable[[], Fault]] = {
    **{what: partial(Fault.archive, what) for what in get_args(ArchiveFault)},
    "captive": Fault.captive,
    "cut": Fault.truncate,
    "lost": Fault.lost,
    "maintenance": Fault.maintenance,
    "reset": Fault.reset,
}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scckit-emulator", description="Serves a stand-in for the SCC on loopback until it gets SIGTERM or SIGINT."
    )
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write base URL and account to FILE, as JSON, once requests are answered; removed at the end",
    )
    parser.add_argument("--generation", choices=get_args(Generation), default="current", help="which server it is like")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time it processes")
    parser.add_argument("--seed-measurements", type=int, default=12, metavar="N", help="measurements at the beginning")
    parser.add_argument(
        "--account-from",
        type=Path,
        metavar="FILE",
        help=f"JSON object with any of {', '.join(each.name for each in fields(Account))}; made-up values otherwise",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="WHAT[:PATH[:TIMES]]",
        help=f"let requests whose address holds PATH fail, so often or for ever; WHAT is a status such as 503, or one of"
        f" {', '.join(_FAULTS)}",
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LAST_PORT}; found {text!r}")
    return int(text)


def _add_fault(faults: Faults, text: str) -> None:
    """Read one ``--fault``."""
    what, path, times, *rest = [*text.split(":"), "", ""]
    if any(rest) or (times and not times.isdecimal()):
        raise ValueError(f"--fault wants WHAT[:PATH[:TIMES]], such as 503:api/v1/:2; found {text!r}")
    if what.isdecimal():
        fault = Fault.status(int(what))
    elif what in _FAULTS:
        fault = _FAULTS[what]()
    else:
        raise ValueError(f"--fault knows no {what!r}; see --help")
    faults.add(fault, path=path or None, times=int(times) if times else None)


def _account(path: Path | None) -> Account:
    if path is None:
        return Account()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} should hold a JSON object; it is no JSON") from None
    known = {each.name for each in fields(Account)}
    if not isinstance(values, dict) or not set(values) <= known or not all(isinstance(v, str) for v in values.values()):
        raise ValueError(f"{path} should hold a JSON object with texts for any of {', '.join(sorted(known))}, no more")
    return Account(**values)


def _announce(path: Path, base_url: str, account: Account) -> None:
    # Complete or not there: a reader that waits for the file must not see half of it.
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"base_url": base_url, **asdict(account)}, file)
    part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        arguments: Command line; that of the process if None.

    Returns:
        Exit status: 0 after a stop, 2 where it could not start.
    """
    options = _arguments(arguments)
    logging.basicConfig(level=logging.ERROR)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = Emulator(
            behaviour=Behaviour(generation=options.generation),
            account=_account(options.account_from),
            start=datetime.now(UTC),
            speed=options.speed,
            seed_measurements=options.seed_measurements,
        )
        for text in options.fault:
            _add_fault(emulator.faults, text)
        with emulator, emulator.serve(options.port) as base_url:
            if options.ready_file is not None:
                _announce(options.ready_file, base_url, emulator.account)
            sys.stdout.write(f"{base_url} (HTTP user {emulator.account.http_user}, user {emulator.account.username})\n")
            sys.stdout.flush()
            stop.wait()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"scckit-emulator: {error}\n")
        return 2
    finally:
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
