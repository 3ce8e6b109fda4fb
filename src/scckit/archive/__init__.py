"""The local side: safe unpacking, files that are whole or not there, and a look at raw files before they are sent."""

from scckit.archive.files import AtomicFile
from scckit.archive.folder import MeasurementFolder
from scckit.archive.members import Limits
from scckit.archive.raw import raw_measurement_id, require_file
from scckit.archive.unpack import ArchiveSink, unpack

__all__ = ["ArchiveSink", "AtomicFile", "Limits", "MeasurementFolder", "raw_measurement_id", "require_file", "unpack"]
