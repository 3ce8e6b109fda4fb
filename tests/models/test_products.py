"""What product names tell, and that they always give themselves back."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scckit.errors import InvalidInput, InvalidMeasurementID
from scckit.models.products import PRODUCT_TYPES, ProductFile, ProductName
from scckit.testing import strategies

#: Real names of scc-interface.md 6.2: type, wavelength, product, start, stop, measurement ID, module, version.
REAL = {
    "sir_009_0000985_202007081800_202007081900_20200708sir8018_hirelpp_v5.2.1.nc": (
        9, None, 985, "2020-07-08T18:00", "2020-07-08T19:00", "20200708sir8018", "hirelpp", "5.2.1",
    ),
    "sir_009_0000987_202002062300_202002062359_20200206sir8323_hirelpp_v5.2.3.nc": (
        9, None, 987, "2020-02-06T23:00", "2020-02-06T23:59", "20200206sir8323", "hirelpp", "5.2.3",
    ),
    "sir_202007081800_202007081900_20200708sir8018_cloudscreen_v5.2.1.nc": (
        None, None, None, "2020-07-08T18:00", "2020-07-08T19:00", "20200708sir8018", "cloudscreen", "5.2.1",
    ),
    "hpb_000_0000324_201810172100_201810172300_20181017oh00_elpp_v5.3.0.nc": (
        0, None, 324, "2018-10-17T21:00", "2018-10-17T23:00", "20181017oh00", "elpp", "5.3.0",
    ),
    "gra_003_0002223_202307060159_202307060259_20230706gra0200_elpp_v5.2.7.nc": (
        3, None, 2223, "2023-07-06T01:59", "2023-07-06T02:59", "20230706gra0200", "elpp", "5.2.7",
    ),
    "hpb_000_0355_0000378_202006302200_202006302359_20200630hpb2200_elda_v5.1.2.nc": (
        0, 355, 378, "2020-06-30T22:00", "2020-06-30T23:59", "20200630hpb2200", "elda", "5.1.2",
    ),
    "gra_007_0532_0002371_202310122059_202310122159_20231012gra2100_elda_v5.2.7.nc": (
        7, 532, 2371, "2023-10-12T20:59", "2023-10-12T21:59", "20231012gra2100", "elda", "5.2.7",
    ),
    "sir_000_0000975_202007081800_202007081900_20200708sir8018_elic_v5.2.1.nc": (
        0, None, 975, "2020-07-08T18:00", "2020-07-08T19:00", "20200708sir8018", "elic", "5.2.1",
    ),
    "hpb_010_1064_0000330_202006302200_202006302300_20200630hpb2200_ltool_v5.2.1.nc": (
        10, 1064, 330, "2020-06-30T22:00", "2020-06-30T23:00", "20200630hpb2200", "ltool", "5.2.1",
    ),
    "hpb_012_0000598_201810172100_201810172300_20181017oh00_ELDAmwl_v0.0.1.nc": (
        12, None, 598, "2018-10-17T21:00", "2018-10-17T23:00", "20181017oh00", "ELDAmwl", "0.0.1",
    ),
    "20181228oh00_0000379.nc": (None, None, 379, None, None, "20181228oh00", "elpp", None),
    "20170216oh00_584.nc": (None, None, 584, None, None, "20170216oh00", "elpp", None),
    "20120710po00_0000470.nc": (None, None, 470, None, None, "20120710po00", "elpp", None),
    "pid291_pot1207092259.b355.nc": (None, 355, 291, "2012-07-09T22:59", None, None, "elda", None),
    "pid470_pot1207092259.e355.nc": (None, 355, 470, "2012-07-09T22:59", None, None, "elda", None),
    # outside of the grammar: what can be told by itself is
    "20181017oh00_210000_230000.nc": (None, None, None, None, None, "20181017oh00", None, None),
    "20170227ino1123.nc": (None, None, None, None, None, "20170227ino1123", None, None),
    "raw_202307060159_202307060259_20230706gra0200_x.nc": (
        None, None, None, "2023-07-06T01:59", "2023-07-06T02:59", "20230706gra0200", None, None,
    ),
    "gra_007_202310122059_202310122159_20231012gra2100_elda_v5.2.7.png": (
        None, None, None, "2023-10-12T20:59", "2023-10-12T21:59", "20231012gra2100", "elda", "5.2.7",
    ),
}  # fmt: skip


def told(name: ProductName) -> tuple[object, ...]:
    """Collect the parts of a name in the order of ``REAL``."""
    moments = [moment and moment.strftime("%Y-%m-%dT%H:%M") for moment in (name.start, name.stop)]
    return (
        name.product_type,
        name.wavelength,
        name.product_id,
        *moments,
        name.measurement_id,
        name.module,
        name.version,
    )


@pytest.mark.parametrize("text", REAL)
def test_real_names_tell_their_parts(text: str) -> None:
    """Every real name of the interface document tells what it shows, and is given back letter for letter."""
    name = ProductName.parse(text)

    assert REAL[text] == told(name)
    assert text == name.text == str(name)


@pytest.mark.parametrize(
    ("text", "station"),
    [(text, text[:3]) for text in REAL if text.endswith(".nc") and text[3] == "_" and text[:3] != "raw"]
    + [("pid291_pot1207092259.b355.nc", "pot"), ("20181228oh00_0000379.nc", None), ("raw_x.nc", None)],
)
def test_station_is_told_where_the_form_has_one(text: str, station: str | None) -> None:
    """The station comes from the grammar or the SCC 4 form, and never from a guess."""
    assert station == ProductName.parse(text).station


@given(strategies.product_parts())
def test_parts_make_a_name_that_tells_the_same_parts(given_parts: dict[str, Any]) -> None:
    """A name built from parts reads back as the same parts, whatever they are."""
    name = ProductName.build(**given_parts)

    assert given_parts == {part: getattr(name, part) for part in given_parts}
    assert name == ProductName.parse(name.text)


@given(strategies.product_parts())
def test_names_of_the_grammar_format_to_themselves(given_parts: dict[str, Any]) -> None:
    """The parts that a name of the grammar tells make the same name again, leading zeros included."""
    name = ProductName.build(**given_parts)
    fields = (
        "station",
        "product_type",
        "wavelength",
        "product_id",
        "start",
        "stop",
        "measurement_id",
        "module",
        "version",
    )

    assert (
        name.text == ProductName.build(**{field: getattr(ProductName.parse(name.text), field) for field in fields}).text
    )


@given(strategies.product_names().map(str))
@example("hpb_000_0000324_201813452100_201810172300_20181017oh00_elpp_v5.3.0.nc")
@example("pid" + "9" * 5000 + "_pot1207092259.b355.nc")
@example("٢٠١٨١٠١٧oh00_1.nc")
@example("20181017oh00_1.nc\n")
@example("\ud800\x00")
def test_any_text_is_a_name(text: str) -> None:
    """Reading never raises, and gives any text back unchanged."""
    name = ProductName.parse(text)

    told(name)
    assert text == str(name)
    assert name == ProductName.parse(text)


def test_a_part_without_sense_is_left_out_alone() -> None:
    """A month 13 leaves the start unknown and all other parts told."""
    name = ProductName.parse("hpb_000_0000324_201813172100_201810172300_20181017oh00_elpp_v5.3.0.nc")

    assert name.start is None
    assert (324, "elpp", datetime(2018, 10, 17, 23, tzinfo=UTC)) == (name.product_id, name.module, name.stop)


@given(
    strategies.product_parts(),
    st.sampled_from(["station", "module", "version", "measurement_id"]),
    st.text(max_size=12),
)
def test_parts_that_would_read_back_otherwise_are_refused(given_parts: dict[str, Any], part: str, value: str) -> None:
    """A station, module, version or ID that does not fit the grammar is refused, never written into a name."""
    bad = given_parts | {part: value}
    try:
        name = ProductName.build(**bad)
    except InvalidInput:
        return
    assert value == getattr(name, part)


def test_times_must_be_aware_and_whole_minutes() -> None:
    """Naive times and seconds are refused; another zone is turned into UTC."""
    plain = {"station": "hpb", "measurement_id": "20181017oh00", "module": "elpp", "version": "5.3.0"}
    noon = datetime(2018, 10, 17, 12, tzinfo=UTC)

    with pytest.raises(InvalidInput, match="aware"):
        ProductName.build(**plain, start=noon.replace(tzinfo=None), stop=noon)
    with pytest.raises(InvalidInput, match="would not be a product name"):
        ProductName.build(**plain, start=noon + timedelta(seconds=1), stop=noon)
    east = ProductName.build(**plain, start=noon.astimezone(timezone(timedelta(hours=2))), stop=noon)
    assert noon == east.start


def test_type_and_product_come_together() -> None:
    """A wavelength or a type without a product is no name; neither is a measurement ID that is none."""
    noon = datetime(2018, 10, 17, 12, tzinfo=UTC)
    plain = {"station": "hpb", "module": "elpp", "version": "5.3.0", "start": noon, "stop": noon}

    for numbers in ({"wavelength": 355}, {"product_type": 3}, {"product_id": 12}):
        with pytest.raises(InvalidInput):
            ProductName.build(**plain, measurement_id="20181017oh00", **numbers)
    with pytest.raises(InvalidMeasurementID):
        ProductName.build(**plain, measurement_id="oh00")


def test_names_are_values() -> None:
    """Names are equal by their text, can be keys, and survive pickling."""
    text = "20181228oh00_0000379.nc"
    name = ProductName.parse(text)

    assert {ProductName.parse(text): 1} == {name: 1}
    assert name != ProductName.parse("20181228oh00_379.nc")
    assert name == pickle.loads(pickle.dumps(name))
    assert name.product_id == pickle.loads(pickle.dumps(name)).product_id
    assert f"ProductName(text='{text}')" == repr(name)


def test_product_types_are_those_of_the_table() -> None:
    """There is a meaning for each number from 0 to 17, and it cannot be changed."""
    assert list(range(18)) == sorted(PRODUCT_TYPES)
    with pytest.raises(TypeError):
        PRODUCT_TYPES[0] = "x"


def test_a_product_file_needs_no_checksum() -> None:
    """A product file is a value; its checksum may be unknown."""
    file = ProductFile(Path("x.nc"), ProductName.parse("x.nc"), "elda", 12)

    assert file.sha256 is None
    assert file == ProductFile(Path("x.nc"), ProductName.parse("x.nc"), "elda", 12)
