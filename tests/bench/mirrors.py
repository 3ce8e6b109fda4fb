"""A mirror of a million measurements: the first look at all of them, and a later look at one new day."""

from __future__ import annotations

from typing import Final

from .figures import MB, Limit, Line, Section, Spread
from .mirrors_client import ROWS
from .processes import figures_of

__all__ = ["measure"]

_FEW: Final = 100_000
_MANY: Final = 1_000_000
_FLAT: Final = Limit("at most", 1.5, "×")


def measure() -> Section:
    """Measure it; each number of measurements in a process of its own."""
    few, many = (figures_of("mirrors_client", str(number)) for number in (_FEW, _MANY))
    day = Spread.of(many["day"])
    return Section(
        (
            Line(
                f"a mirror's first look at {_MANY} measurements, per measurement",
                Spread.of(many["first"]).show("ms", 1000 / _MANY),
                f"at {_FEW}",
                Spread.of(few["first"]).show("ms", 1000 / _FEW),
                many["first"][0] / _MANY / (few["first"][0] / _FEW),
                "×",
                _FLAT,
            ),
            Line(
                f"peak memory of the process at {_MANY}",
                Spread.of(many["memory"]).show("MB", 1 / MB),
                f"at {_FEW}",
                Spread.of(few["memory"]).show("MB", 1 / MB),
                many["memory"][0] / few["memory"][0],
                "×",
                _FLAT,
            ),
            Line(
                f"a later look at one new day of {int(many['new'][0])}, behind {_MANY}",
                day.show("s"),
                f"behind {_FEW}",
                Spread.of(few["day"]).show("s"),
                day.median / Spread.of(few["day"]).median,
                "×",
                _FLAT,
            ),
            Line(
                "requests of that look",
                f"{many['requests'][0]:.0f}",
                "pages of the search",
                f"{many['new'][0] / ROWS:.0f}",
                many["requests"][0] - many["new"][0] / ROWS,
                " more",
                Limit("at most", 2),
            ),
        ),
        (f"the first look took {many['first'][0]:.0f} s; its catalogue has {many['size'][0] / MB:.0f} MB",),
    )
