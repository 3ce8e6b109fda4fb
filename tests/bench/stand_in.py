"""Pages of a made-up SCC: as many measurements as asked for, and the pages around them (scc-interface.md 1.2, 2.2, 3).

The emulator is more faithful, but it keeps a database, which would be measured along with the client.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import scckit

__all__ = [
    "CREDENTIALS",
    "CSRF_COOKIE",
    "FIRST",
    "HOME",
    "ID",
    "SESSION_COOKIE",
    "SIGN_IN",
    "UPLOAD",
    "UPLOADED",
    "change_list",
]

CREDENTIALS: Final = scckit.Credentials("http-user", "http-password", "someone", "password")
ID: Final = "20260321aky2000"
CSRF_COOKIE: Final = "csrftoken=token; Path=/"
SESSION_COOKIE: Final = "sessionid=session; Path=/"
HOME: Final = "<h1>Single Calculus Chain</h1>"
_TOKEN: Final = '<input type="hidden" name="csrfmiddlewaretoken" value="token">'
SIGN_IN: Final = (
    f'<form method="post">{_TOKEN}<input type="text" name="username"><input type="password" name="password"></form>'
)
UPLOAD: Final = (
    f'<form method="post" enctype="multipart/form-data">{_TOKEN}<input type="file" name="data">'
    '<select name="system"><option value="437">437</option></select></form>'
)
UPLOADED: Final = f"<h3>Measurement {ID} <small>aky</small></h3>"

#: Start of the first measurement; each begins one minute after the one before.
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)

_MODULES: Final = ("upload", "hirelpp", "cloudmask", "elpp", "elda", "eldec", "elic", "elquick")
_STATUSES: Final = "".join(
    f'<td class="field-{name}_ok_evo"><img src="/static/icon-yes.svg" alt="OK"></td>' for name in _MODULES
)


def change_list(page: int, pages: int, rows: int, first: int = 0) -> str:
    """Write one page of the admin's measurement list.

    Args:
        page: Which, from 1.
        pages: How many there are.
        rows: Measurements on each.
        first: Number of the first measurement on the first page.
    """
    before = first + (page - 1) * rows
    table = "".join(_row(number) for number in range(before, before + rows))
    links = f'<li><span>{page}</span></li><li><a href="?p={page + 1}">{page + 1}</a></li>' if page < pages else ""
    pager = f'<nav class="grp-pagination"><ul><li class="grp-results">{pages * rows} total</li>{links}</ul></nav>'
    return f'<h1>Measurements</h1>{pager}<table id="result_list"><tbody>{table}</tbody></table>'


def _row(number: int) -> str:
    start = FIRST + timedelta(minutes=number)
    shown = f"{start:%Y-%m-%d %H:%M}"
    identity = f"{start:%Y%m%d}aky{start:%H%M}"
    dates = "".join(
        f'<td class="field-{name} nowrap">{shown}</td>' for name in ("start", "stop", "creation_date", "updated_date")
    )
    return (
        f'<tr class="grp-row"><td class="action-checkbox"><input class="action-select" name="_selected_action"'
        f' value="{identity}"></td><th class="field-station_id"><a href="{identity}/">aky</a></th>'
        f'<td class="field-id">{identity}</td>{dates}{_STATUSES}'
        '<td class="field-is_being_processed"><img src="/static/icon-no.svg" alt="False"></td></tr>'
    )
