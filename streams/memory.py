"""How Python and Linux are to treat a worker that holds millions of small, acyclic objects."""

import ctypes
import gc
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

#: Young objects are looked at once, after this many allocations; what survives is looked at again only after a thousand
#: such rounds. Python's own 700, 10, 10 walks the whole state again and again: it costs a third of the throughput.
THRESHOLDS: Final = (100_000, 1_000, 1_000)

#: Advice of madvise(2): on huge pages from now on, and at once (Linux 6.1 and later; until then the kernel gets to it).
_HUGEPAGE: Final = 14
_COLLAPSE: Final = 25
#: On small pages still, so that it is worth the call; Python's arenas lie together in regions of tens of megabytes.
_WORTH_BYTES: Final = 4 * 1024 * 1024
#: Of a region at least so much must be in use, as of a stack never is: a huge page is memory for the whole of it.
_FULL: Final = 0.9
_EVERY_S: Final = 10.0
_PAGE: Final = 2 * 1024 * 1024
#: Of the time that this takes, so many times as much is left to the others.
_REST: Final = 9
#: Where Linux tells of this process's memory; other systems, and kernels made without it, have no such file.
_SMAPS: Final = Path("/proc/self/smaps")
_MAPPED: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw.p \S+ 00:00 0 *(\[heap\])?$")


def spare_the_state() -> None:
    """Set the collector's thresholds for this process."""
    gc.set_threshold(*THRESHOLDS)


def let_go() -> None:
    """Collect once, after state was dropped: its memory is wanted back now."""
    gc.collect()


class Region(NamedTuple):
    """Memory of this process alone: address, and bytes of it, in use, and on huge pages."""

    begin: int
    size: int
    used: int
    huge: int

    @property
    def worth(self) -> bool:
        """Whether it is in use, and much of it on small pages."""
        return self.used >= _FULL * self.size and self.used - self.huge >= _WORTH_BYTES


def regions(smaps: str) -> Iterator[Region]:
    """The anonymous regions in what Linux says in ``/proc/self/smaps`` (proc_pid_smaps(5))."""
    place, found = None, dict[str, int]()
    for line in (*smaps.splitlines(), "0-0 "):
        name, colon, rest = line.partition(":")
        if colon and rest.endswith(" kB"):
            found[name] = int(rest[:-3]) * 1024
            continue
        if name.startswith("VmFlags"):
            continue
        if place:
            begin, end = (int(one, 16) for one in place.group(1, 2))
            yield Region(begin, end - begin, found.get("Rss", 0), found.get("AnonHugePages", 0))
        place, found = _MAPPED.match(line), {}


def onto_huge_pages(rest: Callable[[float], object] | None = None) -> int:
    """Have Linux move this process's large regions onto pages of 2 MB; gives the bytes moved, 0 on other systems.

    An event meets a root, its things and a claim somewhere in gigabytes: on pages of 4 KB each of these places costs a
    walk through the page tables besides.

    Args:
        rest: Called between two pages with seconds to wait, nine times as long as the one took: whoever touches it
            meanwhile waits, and where memory is in small pieces Linux must make room first. All at once otherwise.
    """
    if not _SMAPS.exists():
        return 0
    advise, moved = ctypes.CDLL(None).madvise, 0
    for region in regions(_SMAPS.read_text()):
        if not region.worth:
            continue
        advise(ctypes.c_void_p(region.begin), ctypes.c_size_t(region.size), _HUGEPAGE)
        for place in range(-(-region.begin // _PAGE) * _PAGE, region.begin + region.size - _PAGE + 1, _PAGE):
            began = monotonic()
            moved += _PAGE if advise(ctypes.c_void_p(place), ctypes.c_size_t(_PAGE), _COLLAPSE) == 0 else 0
            if rest:
                rest(_REST * (monotonic() - began))
    return moved


def keep_on_huge_pages() -> None:
    """Do so every ten seconds for as long as this process lives, from a thread that waits meanwhile."""

    def run() -> None:
        pause = threading.Event()
        while not pause.wait(_EVERY_S):
            onto_huge_pages(pause.wait)

    threading.Thread(target=run, name="huge pages", daemon=True).start()
