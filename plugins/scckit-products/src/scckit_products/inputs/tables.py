"""What a file must be that is uploaded, as tables (scc-interface.md 8): names, forms, bounds. Nothing is read here."""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

from scckit.models import AncillaryKind

__all__ = [
    "ATTRIBUTES",
    "CHANNELS",
    "CHANNEL_ID",
    "CHANNEL_STRING",
    "CLOCK",
    "DARK_ATTRIBUTES",
    "DARK_VARIABLES",
    "DAY",
    "DIMENSIONS",
    "INDEXES",
    "LIDAR_RATIO_VARIABLE",
    "LINKS",
    "LONGEST_STRING",
    "LR_FROM_FILE",
    "LR_INPUT",
    "MOLECULAR",
    "PROFILES",
    "RADIOSOUNDING",
    "SOUNDING_PLACE",
    "SOUNDING_START",
    "SOUNDING_VARIABLES",
    "START",
    "STOP",
    "USUAL",
    "VARIABLES",
    "Form",
    "Link",
    "form_of",
]


@frozen
class Form:
    """A variable as it should be.

    Attributes:
        name: Its name.
        kind: What its values are.
        dimensions: Names of its dimensions.
        mandatory: Whether the SCC refuses a file without it.
        is_data: Whether it may be large, and is read by a rule of its own.
    """

    name: str
    kind: Literal["int", "real"]
    dimensions: tuple[str, ...]
    mandatory: bool = False
    is_data: bool = False


PROFILES: Final = ("time", "nb_of_time_scales")
_DARK: Final = ("time_bck", "nb_of_time_scales")
CHANNELS: Final = ("channels",)

#: Dimensions of a raw file (8.2).
DIMENSIONS: Final = ("time", "channels", "points", "nb_of_time_scales", "scan_angles")

#: Variables of a raw file but those that name channels (8.4).
VARIABLES: Final = (
    Form("Raw_Lidar_Data", "real", ("time", "channels", "points"), mandatory=True, is_data=True),
    Form("Raw_Data_Start_Time", "int", PROFILES, mandatory=True),
    Form("Raw_Data_Stop_Time", "int", PROFILES, mandatory=True),
    Form("Laser_Shots", "int", ("time", "channels"), mandatory=True),
    Form("Laser_Pointing_Angle", "real", ("scan_angles",), mandatory=True),
    Form("Laser_Pointing_Angle_of_Profiles", "int", PROFILES, mandatory=True),
    Form("Background_Low", "real", CHANNELS, mandatory=True),
    Form("Background_High", "real", CHANNELS, mandatory=True),
    Form("Molecular_Calc", "int", (), mandatory=True),
    Form("id_timescale", "int", CHANNELS, mandatory=True),
    Form("Background_Profile", "real", ("time_bck", "channels", "points"), is_data=True),
    Form("Raw_Bck_Start_Time", "int", _DARK),
    Form("Raw_Bck_Stop_Time", "int", _DARK),
    Form("Pressure_at_Lidar_Station", "real", ()),
    Form("Temperature_at_Lidar_Station", "real", ()),
    *(
        Form(name, "int", CHANNELS)
        for name in (
            "Acquisition_Mode",
            "Background_Mode",
            "Dead_Time_Corr_Type",
            "First_Signal_Rangebin",
            "LR_Input",
            "Laser_Repetition_Rate",
            "Scattering_Mechanism",
            "Signal_Type",
        )
    ),
    *(
        Form(name, "real", CHANNELS)
        for name in (
            "DAQ_Range",
            "Dead_Time",
            "Depolarization_Factor",
            "Detected_Wavelength",
            "Emitted_Wavelength",
            "Pol_Calib_Range_Max",
            "Pol_Calib_Range_Min",
            "Raw_Data_Range_Resolution",
            "Trigger_Delay",
        )
    ),
)
CHANNEL_ID: Final = Form("channel_ID", "int", CHANNELS, mandatory=True)
CHANNEL_STRING: Final = "channel_string_ID"
#: Characters of a channel's text (5.3).
LONGEST_STRING: Final = 20

DAY: Final = ("%Y%m%d", "YYYYMMDD")
CLOCK: Final = ("%H%M%S", "HHMMSS")
START: Final = ("RawData_Start_Date", "RawData_Start_Time_UT")
STOP: Final = "RawData_Stop_Time_UT"
#: Forms of the mandatory global attributes of a raw file but the ID (8.3).
ATTRIBUTES: Final = {START[0]: DAY, START[1]: CLOCK, STOP: CLOCK}
#: The same of dark profiles; mandatory for no client, and some write them without such profiles.
DARK_ATTRIBUTES: Final = {
    "RawBck_Start_Date": DAY,
    "RawBck_Start_Time_UT": CLOCK,
    "RawBck_Stop_Time_UT": CLOCK,
}
DARK_VARIABLES: Final = ("Background_Profile", "Raw_Bck_Start_Time", "Raw_Bck_Stop_Time")

#: Indexes, and the dimension that they count in (8.4).
INDEXES: Final = {"id_timescale": "nb_of_time_scales", "Laser_Pointing_Angle_of_Profiles": "scan_angles"}

#: Values that clients and the SCC know, though they do not agree on what some mean (8.4).
MOLECULAR: Final = range(5)
RADIOSOUNDING: Final = 1
LR_INPUT: Final = range(2)
LR_FROM_FILE: Final = 0

#: What is usual at a station, and the unit (8.4).
USUAL: Final = {
    "Pressure_at_Lidar_Station": (300.0, 1100.0, "hPa"),
    "Temperature_at_Lidar_Station": (-90.0, 60.0, "°C"),
}


@frozen
class Link:
    """The global attribute that names an ancillary file, and how such a file's name begins (8.3, 8.6)."""

    kind: AncillaryKind
    attribute: str
    prefix: str

    @property
    def word(self) -> str:
        """What it is, for people."""
        return f"{self.kind.value.replace('_', ' ')} file"


LINKS: Final = (
    Link(AncillaryKind.SOUNDING, "Sounding_File_Name", "rs_"),
    Link(AncillaryKind.OVERLAP, "Overlap_File_Name", "ov_"),
    Link(AncillaryKind.LIDAR_RATIO, "LR_File_Name", "lr_"),
)

#: Variables of a sounding file (8.5). Their units but that of the altitude are told nowhere, so nothing is said of them.
SOUNDING_VARIABLES: Final = (
    Form("Altitude", "real", ("points",), mandatory=True),
    Form("Temperature", "real", ("points",), mandatory=True),
    Form("Pressure", "real", ("points",), mandatory=True),
    Form("RelativeHumidity", "real", ("points",)),
)
SOUNDING_PLACE: Final = ("Latitude_degrees_north", "Longitude_degrees_east", "Altitude_meter_asl")
SOUNDING_START: Final = {"Sounding_Start_Date": DAY, "Sounding_Start_Time_UT": CLOCK}

#: What a lidar ratio file must hold (8.7).
LIDAR_RATIO_VARIABLE: Final = "Lidar_Ratio"


def form_of(name: str) -> Form:
    """Return what a variable of this name should be."""
    return _FORMS[name]


_FORMS: Final = {form.name: form for form in (*VARIABLES, *SOUNDING_VARIABLES, CHANNEL_ID)}
