"""The state's memory lies on huge pages where Linux has them, and nothing else does."""

from pathlib import Path

from streams.memory import onto_huge_pages, regions

SMAPS = """\
7f1000000000-7f1004000000 rw-p 00000000 00:00 0
Size:              65536 kB
Rss:               65532 kB
AnonHugePages:         0 kB
VmFlags: rd wr mr mw me ac
7f2000000000-7f2004000000 rw-p 00000000 00:00 0
Size:              65536 kB
Rss:               65536 kB
AnonHugePages:     63488 kB
VmFlags: rd wr mr mw me ac hg
7f3000000000-7f3000800000 rw-p 00000000 00:00 0                          [stack]
Size:               8192 kB
Rss:                8192 kB
AnonHugePages:         0 kB
7f4000000000-7f4000800000 rw-p 00000000 00:00 0
Size:               8192 kB
Rss:                 132 kB
AnonHugePages:         0 kB
7f5000000000-7f5004000000 r--p 00000000 fe:00 2472                       /usr/lib/libc.so.6
Size:              65536 kB
Rss:               65536 kB
AnonHugePages:         0 kB
5581000000-5581800000 rw-p 00000000 00:00 0                              [heap]
Size:               8192 kB
Rss:                8000 kB
AnonHugePages:         0 kB
"""


def test_regions_that_are_large_in_use_and_on_small_pages_are_worth_it() -> None:
    found = {f"{one.begin:x}": one.worth for one in regions(SMAPS)}
    assert found == {"7f1000000000": True, "7f2000000000": False, "7f4000000000": False, "5581000000": True}


def on_huge_pages() -> int:
    """Bytes of this process."""
    return sum(one.huge for one in regions(Path("/proc/self/smaps").read_text()))


def test_a_state_of_many_small_objects_is_moved_and_stays_what_it_was() -> None:
    state = {b"%032d" % number: b"%0200d" % number for number in range(400_000)}  # some 130 MB
    rests = list[float]()
    moved = onto_huge_pages(rests.append)
    assert all(state[b"%032d" % number] == b"%0200d" % number for number in range(0, 400_000, 1_000))
    assert moved == 0 or on_huge_pages() > 50_000_000  # 0: a kernel before 6.1, or another system
    assert len(rests) * 2 * 1024 * 1024 >= moved  # after every page the others have their turn
