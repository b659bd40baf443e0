"""The daily archive of the views: files that the release writes and the portal reads.

``<folder>/<view>/<yyyy-mm-dd>.parquet`` holds what the view said at the end of that day in Europe/Paris; see
``docs/decisions/0009-as-of.md``.
"""

from schemas.archive.days import Archive, Held, Said

__all__ = ["Archive", "Held", "Said"]
