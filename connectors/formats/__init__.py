"""Partners' formats: parse, then map, purely."""

from connectors.formats.base import Format
from connectors.formats.kairos_csv import KairosCsv

#: Every format by its name on the command line.
FORMATS: dict[str, Format] = {form.name: form for form in (KairosCsv(),)}

__all__ = ["FORMATS"]
