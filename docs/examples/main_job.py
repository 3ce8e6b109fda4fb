"""The main job from end to end, on the emulator: upload a raw file, wait, download the products, open one, draw it.

Run it with ``tox run -e demo`` or ``tox run -e demo -- raw.nc``. With another base URL and credentials the same calls do
the same on the real SCC; what is special to the emulator is in ``emulator`` alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

import scckit
from scckit.events import Event, PhaseSeen, SignedIn, Transferred
from scckit_emulator.synthetic import write_raw

ROOT = Path(__file__).resolve().parents[2]
#: Systems of the emulator, by station, for files that come without one.
SYSTEMS = {"ino": 310, "gra": 729, "hpb": 182, "pot": 125, "aky": 437}
START_LIMIT = 60.0
#: Highest altitude of the picture, in km.
TOP = 15.0


@contextmanager
def emulator(folder: Path) -> Iterator[tuple[str, scckit.Credentials]]:
    """Run the emulator as a process of its own, and give its address and credentials."""
    ready = folder / "emulator.json"
    command = [sys.executable, "-m", "scckit_emulator", "--port", "0", "--speed", "10", "--ready-file", str(ready)]
    with subprocess.Popen(command) as process:
        try:
            limit = time.monotonic() + START_LIMIT
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > limit:
                    raise SystemExit("the emulator did not start; run python -m scckit_emulator to see why")
                time.sleep(0.05)
            told = json.loads(ready.read_text(encoding="utf-8"))
            yield (
                told["base_url"],
                scckit.Credentials(told["http_user"], told["http_password"], told["username"], told["password"]),
            )
        finally:
            process.terminate()


def raw_file(given: Path | None, folder: Path) -> Path:
    """Return the file that was given, else a real one if there is one, else one made for the purpose."""
    if given is not None:
        return given
    real = Path(os.environ.get("SCCKIT_REAL_DATA", ROOT.parent / "shared" / "real-data"))
    for path in sorted((real / "raw").glob("*.nc")):
        return path
    path = folder / "20260321aky2000.nc"
    start = datetime(2026, 3, 21, 20, 0, tzinfo=UTC)
    write_raw(path, measurement_id=path.stem, start=start, stop=start.replace(hour=21))
    return path


class Progress:
    """Tells a person what happens; each line once."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._last = ""

    def __call__(self, event: Event) -> None:
        """Tell of an event, if there is something to tell."""
        if isinstance(event, SignedIn):
            self._tell("signed in")
        elif isinstance(event, PhaseSeen):
            modules = ", ".join(f"{name} {status}" for name, status in event.modules if status != "not run")
            self._tell(f"{event.phase}{': ' if modules else ''}{modules}")
        elif isinstance(event, Transferred) and event.done == event.total and event.total > 100_000:
            word = {"up": "sent", "down": "received"}[event.direction]
            self._tell(f"{word} {event.total:,} bytes ({event.route.rstrip('/').rpartition('/')[2]})")

    def _tell(self, line: str) -> None:
        if line != self._last:
            self._last = line
            print(f"   … {line}", flush=True)


def heights(raw: Any) -> Any:
    """Return the height of each bin above the lidar in km, from what the raw file says of its bins and its angle."""
    points = raw.sizes["points"]
    # Older raw files leave the resolution to the SCC's database; 7.5 m is that of most recorders.
    resolution = float(raw["Raw_Data_Range_Resolution"][0]) if "Raw_Data_Range_Resolution" in raw else 7.5
    zenith = float(raw["Laser_Pointing_Angle"][0]) if "Laser_Pointing_Angle" in raw else 0.0
    return (np.arange(points) + 0.5) * resolution * np.cos(np.radians(zenith)) / 1000


def label(raw: Any, channel: int) -> str:
    """Name a channel by its wavelength where the file has it, else by its number."""
    if "Detected_Wavelength" in raw:
        return f"{float(raw['Detected_Wavelength'][channel]):.0f} nm"
    return f"channel {int(raw['channel_ID'][channel])}"


def draw(raw: Any, profile: Any, path: Path) -> None:
    """Draw the range-corrected raw signal beside the backscatter profile, on one scale of altitude."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - the backend must be chosen first

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 6), layout="constrained", sharey=True)
    signal = raw["Raw_Lidar_Data"].mean("time")
    height = heights(raw)
    station = float(profile["station_altitude"].squeeze()) / 1000
    below = height + station <= TOP
    for channel in range(signal.sizes["channels"]):
        values = signal.isel(channels=channel).to_numpy()
        corrected = (values - values[-values.size // 10 :].mean()) * height**2
        scale = np.abs(corrected[below]).max()
        left.plot(corrected[below] / scale, height[below] + station, linewidth=0.7, label=label(raw, channel))
    left.set(xlabel="background and range corrected (relative)", ylabel="altitude (km a.s.l.)", title="what was sent")
    left.legend(loc="upper right", fontsize="small")
    backscatter = profile["backscatter"].squeeze()
    error = profile["error_backscatter"].squeeze()
    altitude = profile["altitude"].squeeze() / 1000
    right.fill_betweenx(altitude, (backscatter - error) * 1e6, (backscatter + error) * 1e6, alpha=0.3, linewidth=0)
    right.plot(backscatter * 1e6, altitude)
    wavelength = float(profile["wavelength"].squeeze())
    right.set(
        xlabel=f"aerosol backscatter at {wavelength:.0f} nm (Mm⁻¹ sr⁻¹)",
        title=f"what came back ({profile.attrs.get('source', 'SCC')})",
    )
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    """Do the job and tell about each step."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("raw", nargs="?", type=Path, help="raw SCC netCDF file; a real or a made one by default")
    parser.add_argument("--system", type=int, help="system (lidar configuration) number")
    parser.add_argument("--output", type=Path, default=ROOT / "demo-output", help="folder for all that comes out")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder)) as (base_url, credentials):
        path = raw_file(arguments.raw, Path(folder))
        system = arguments.system or SYSTEMS.get(path.stem[8:11], 437)
        size = f"{path.stat().st_size:,} bytes" if path.is_file() else "not there"
        print(f"1. upload {path.name} ({size}) for system {system}", flush=True)
        with scckit.connect(base_url, credentials=credentials, observe=Progress()) as scc:
            receipt = scc.measurements.upload(path, system=system)
            print(f"2. wait for {receipt.id}")
            measurement = scc.measurements.wait(receipt.id, timeout=300, interval=0.5)
            print("3. download its products")
            files = scc.products.download(measurement.id, into=output)
            for file in files:
                print(f"   {file.size:>9,} bytes  {file.path.relative_to(output)}")
            print("4. open an ELDA product")
            elda = next(file for file in files if file.kind == "elda")
            with scc.products.open(path) as raw, scc.products.open(elda) as profile:
                print(profile)
                picture = output / f"{measurement.id}.png"
                draw(raw, profile, picture)
    print(f"Done: {len(files)} files and the picture {picture.name} are in {output}")


if __name__ == "__main__":
    try:
        main()
    except scckit.SCCError as error:
        sys.exit(f"{type(error).__name__}: {error}")
