"""``kairos-csv``: the rows of training entries and ends that Pôle emploi exchanges with its partners.

Source of the format: the files of Kairos as the public service Anotea receives them (one row a trainee and session,
``|``-separated, no quoting, columns by the names of the header, absent values as nothing or as the literal ``NULL``).
"""

from connectors.formats.kairos_csv.format import KairosCsv

FORMAT = KairosCsv()

__all__ = ["FORMAT"]
