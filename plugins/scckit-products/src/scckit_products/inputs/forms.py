"""Rules about the form of a file: its dimensions, variables, names of channels, and global attributes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from attrs import evolve

from scckit.errors import InvalidMeasurementID
from scckit.models import MeasurementID, Problem, ProductName, Severity
from scckit_products.contents import Variable
from scckit_products.inputs.look import File, fits, is_number, places_of, shown, some, warn
from scckit_products.inputs.tables import CHANNEL_ID, CHANNEL_STRING, DAY, LONGEST_STRING, START, Form

__all__ = [
    "absent_attribute",
    "check_attributes",
    "check_channels",
    "check_dimensions",
    "check_identity",
    "check_name",
    "check_variables",
    "moment",
]


def check_dimensions(file: File, *, wanted: Sequence[str]) -> Iterator[Problem]:
    """``missing-dimension``, ``empty-dimension``: all that are wanted are there, and not 0."""
    found = file.contents.dimensions
    for name in wanted:
        if name not in found:
            listed = ", ".join(found) or "none"
            yield Problem("missing-dimension", name, f"{file.path.name} has no dimension {name}; found: {listed}")
        elif not found[name]:
            message = f"the dimension {name} of {file.path.name} is 0; at least 1 is needed"
            yield Problem("empty-dimension", name, message)


def check_variables(file: File, *, forms: Sequence[Form]) -> Iterator[Problem]:
    """``missing-variable``, ``variable-type``, ``variable-dimensions``, ``not-looked-at``: all have their forms."""
    for form in forms:
        variable = file.variable(form.name)
        if variable is not None:
            yield from _formed(file, variable, form)
        elif form.mandatory:
            message = f"{file.path.name} has no variable {form.name}, which every such file has"
            yield Problem("missing-variable", form.name, message)


def _formed(file: File, variable: Variable, form: Form) -> Iterator[Problem]:
    severity: Severity = "error" if form.mandatory else "warning"
    name = form.name
    if not is_number(variable):
        message = f"{name} holds {variable.dtype.name}; {'whole ' * (form.kind == 'int')}numbers are needed"
        yield Problem("variable-type", name, message, severity)
    elif variable.kind == "real" and form.kind == "int":
        message = f"{name} holds {variable.dtype.name}; the SCC takes whole numbers, best of 32 bits"
        yield warn("variable-type", name, message)
    if variable.dimensions != form.dimensions:
        if set(form.dimensions) - set(file.contents.dimensions):
            return  # that there is no such dimension is said by another rule
        message = f"{name} has the dimensions {_named_dimensions(variable.dimensions)}; expected: " + _named_dimensions(
            form.dimensions
        )
        yield Problem("variable-dimensions", name, message, "warning" if fits(variable, form) else severity)
    elif not form.is_data and file.numbers(form.name) is None and is_number(variable):
        yield warn("not-looked-at", name, f"{name} has the shape {variable.shape}, too much to be looked at here")


def _named_dimensions(names: Sequence[str]) -> str:
    return f"({', '.join(names)})" if names else "none (a single value)"


def check_channels(file: File) -> Iterator[Problem]:
    """``channel-id``, ``channel-repeated``, and the form of the two variables that name channels.

    Where there is ``channel_string_ID``, ``channel_ID`` has no meaning: clients put -1 or 1 there (8.4).
    """
    number, text = (file.variable(name) for name in (CHANNEL_ID.name, CHANNEL_STRING))
    if number is None and text is None:
        where = f"{CHANNEL_ID.name} or {CHANNEL_STRING}"
        yield Problem("missing-variable", where, f"{file.path.name} has no variable {where}, which every such file has")
    if number is not None:
        yield from _formed(file, number, CHANNEL_ID)
    texts = file.texts(CHANNEL_STRING)
    if texts is not None:
        yield from _channel_texts(texts)
        return
    if text is not None:
        message = (
            f"{CHANNEL_STRING} holds {text.dtype.name} in the dimensions {_named_dimensions(text.dimensions)}; expected is"
            " a text for each of the channels"
        )
        yield Problem("variable-type", CHANNEL_STRING, message, "warning" if number is not None else "error")
    yield from _channel_numbers(file)


def _channel_texts(texts: list[str]) -> Iterator[Problem]:
    empty = [place for place, one in enumerate(texts) if not one]
    if empty:
        message = f"{some(empty, len(texts), 'channels')} an empty {CHANNEL_STRING}; take those of the SCC's channels"
        yield Problem("channel-id", CHANNEL_STRING, message)
    long = [one for one in texts if len(one) > LONGEST_STRING]
    if long:
        message = f"{long[0]!r} has {len(long[0])} characters; the SCC's have at most {LONGEST_STRING}"
        yield warn("channel-id", CHANNEL_STRING, message)
    yield from _repeated([one for one in texts if one], CHANNEL_STRING)


def _channel_numbers(file: File) -> Iterator[Problem]:
    values = file.numbers(CHANNEL_ID.name)
    if values is None:
        return
    negative = places_of(values.filled(-1) < 0)
    if negative.size:
        message = (
            f"{some(negative, values.size, 'channels')} no number that the SCC can know, the first:"
            f" {shown(values, negative)}; take those of the SCC's channels, or give {CHANNEL_STRING}"
        )
        yield Problem("channel-id", CHANNEL_ID.name, message)
    yield from _repeated([f"{value:g}" for value in values.compressed() if value >= 0], CHANNEL_ID.name)


def _repeated(names: Sequence[str], where: str) -> Iterator[Problem]:
    again = sorted(name for name, count in Counter(names).items() if count > 1)
    if again:
        yield warn("channel-repeated", where, f"{where} names more than one channel by {', '.join(again)}")


def check_identity(file: File) -> Iterator[Problem]:
    """``measurement-id``, ``measurement-id-date``: the grammar of the ID (5.2), and its date, that of the first profile."""
    where = "Measurement_ID"
    found = file.contents.attributes.get(where)
    if found is None:
        yield absent_attribute(file, where)
        return
    try:
        identity = MeasurementID(str(found))
    except InvalidMeasurementID as error:
        yield Problem("measurement-id", where, f"the global attribute {where} is wrong: {error}")
        return
    started = moment(file.text(START[0]), DAY[0])
    if started is not None and abs(started.date() - identity.date) > timedelta(days=1):
        message = f"{where} is {identity}, but {START[0]} is {file.text(START[0])}; both should be the day of the first profile"
        yield warn("measurement-id-date", where, message)


def check_name(file: File) -> Iterator[Problem]:
    """``disagreement``: a file that is named after a measurement should be of it."""
    named = ProductName.parse(file.path.name).measurement_id
    found = file.text("Measurement_ID")
    if named is not None and found and found.casefold() != named.casefold():
        message = f"the name of the file says {named!r}, its attribute Measurement_ID says {found!r}"
        yield Problem("disagreement", "Measurement_ID", message)


def check_attributes(
    file: File, *, forms: Mapping[str, tuple[str, str]], severity: Severity, mandatory: bool
) -> Iterator[Problem]:
    """``missing-attribute``, ``attribute-form``: the attributes hold dates and times in digits, as text."""
    for name, (form, expected) in forms.items():
        found = file.contents.attributes.get(name)
        if found is None or not str(found).strip():
            if mandatory:
                yield evolve(absent_attribute(file, name), severity=severity)
        elif moment(str(found).strip(), form) is None:
            message = f"the global attribute {name} is {str(found)[:40]!r}; expected is {expected}"
            yield Problem("attribute-form", name, message, severity)
        elif not isinstance(found, str):
            yield warn("attribute-form", name, f"the global attribute {name} is the number {found}; expected is text")


def absent_attribute(file: File, name: str) -> Problem:
    """Return the finding that a global attribute is not there."""
    found = ", ".join(sorted(file.contents.attributes)) or "none"
    return Problem("missing-attribute", name, f"{file.path.name} has no global attribute {name}; found: {found[:400]}")


def moment(text: str, form: str) -> datetime | None:
    """Return the moment that a text of digits tells, None if it is none of that form."""
    if not re.fullmatch(r"[0-9]{8}" if form == DAY[0] else r"[0-9]{6}", text):
        return None
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
