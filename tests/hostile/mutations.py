"""Changes to a format's sample, drawn from a seed: bytes, pieces, nasty words, and the structure of what is JSON."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final

#: What has broken parsers before.
WORDS: Final = (
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\x81", b"\x1f", b"\r", b"\n", b"\r\n",
    b"\t",
    b'"', b'""', b"'", b";", b"|", b",", b"=", b"@x", b"+x(", b"<", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&a;",
    b"&#0;",
    b"<!DOCTYPE x>", b"<?x?>", b"{", b"}", b"[", b"]", b":", b"\\", b"\\u", b"\\ud800", b"\\udc00\\ud800", b"null",
    b"true",
    b"NaN", b"Infinity", b"1e999", b"-1e999", b"1e30", b"1e-999999999", b"9" * 20, b"9" * 400, b"-0", b"0.1", b"1_000",
    b"2026-02-30", b"0000-00-00", b"9999-12-31", b"99991231", b"2026-W01-1", b"0001-01-01T00:00:00+14:00", b"24:00:00",
    b"9999-12-31T23:59:59-14:00", b"2026-11-20T00:00:60Z", b"00000000", b"99999999999999", "\u0661\u0662".encode(),
    "\u2028".encode(), "\u00b2".encode(), "\U0001f600".encode(), b"1841276451089", b"2A", b"59020", b"00000000000000",
    b"%s", b"../../x", b"a" * 70, b"a" * 70_000,
)  # fmt: skip
_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1e30, -1e300, 2**63, 2**64 - 1, 0.1, "", " ", "x", "\x00", "\x1f",
    "\ud800", [], {}, [None], [[]],
    ["x", 1], {"": 1}, {"x": {"y": "z"}}, "9" * 400, "1e30", "1e-99", "NaN", "2026-02-30",
    "0001-01-01T00:00:00+14:00", "\u0661" * 14, "\u00b2",
)  # fmt: skip


def mutated(sample: bytes, random: Random) -> bytes:
    """The sample with one to six changes."""
    content = sample
    if sample.lstrip()[:1] in {b"{", b"["} and random.random() < 0.5:
        content = _restructured(sample, random)
        if random.random() < 0.6:
            return content
    for _ in range(random.randint(1, 5)):
        content = random.choice(_CHANGES)(content, random)
    return content


def _flip(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def _word(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(WORDS) + content[at + random.choice((0, 0, 1, 4, 10)) :]


def _value(content: bytes, random: Random) -> bytes:
    """A word in the place of what stands between two signs: a cell, a value, a text."""
    at = random.randrange(len(content) + 1)
    signs = b'";|,<>:\n'
    first = max(content.rfind(bytes([sign]), 0, at) for sign in signs) + 1
    ends = [end for sign in signs if (end := content.find(bytes([sign]), at)) >= 0]
    return content[:first] + random.choice(WORDS) + content[min(ends, default=len(content)) :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _without(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.randrange(1, 60) :]


def _again(content: bytes, random: Random) -> bytes:
    at, size, to = random.randrange(len(content) + 1), random.randrange(1, 200), random.randrange(len(content) + 1)
    return content[:to] + content[at : at + size] + content[to:]


_CHANGES: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    _flip,
    _word,
    _word,
    _value,
    _value,
    _value,
    _cut,
    _without,
    _again,
)


def _restructured(content: bytes, random: Random) -> bytes:
    """The same document with other values in some places."""
    held = json.loads(content)
    for _ in range(random.randint(1, 4)):
        where, key = random.choice(list(_places(held)))
        where[key] = deepcopy(random.choice(_VALUES))  # or a list would end up in itself
    text = json.dumps(held, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.2:
        records = (
            next((one for one in held.values() if isinstance(one, list)), [held]) if isinstance(held, dict) else held
        )
        text = "".join(json.dumps(one) + "\n" for one in records)
    return text.encode("utf-8", "surrogatepass")


def _places(held: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in held.items() if isinstance(held, dict) else enumerate(held):
        yield held, key
        if isinstance(value, dict | list):
            yield from _places(value)


def shrunk(content: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """A shorter content that fails, too: pieces are left out, ever smaller ones."""
    size = len(content) // 2
    while size:
        at = 0
        while at < len(content):
            shorter = content[:at] + content[at + size :]
            if fails(shorter):
                content = shorter
            else:
                at += size
        size //= 2
    return content
