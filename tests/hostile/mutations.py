"""Changes to a format's sample, drawn from a seed: bytes, pieces, nasty words; values, cells and elements."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final
from xml.sax.saxutils import escape

import orjson

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


#: Of the tries: most changes of bytes are met by the first look at a file, so that more tries change what is inside.
_INSIDE: Final = 0.8
#: Of these: some change bytes as well.
_BOTH: Final = 0.1
#: Most values stand two or three levels down.
_DEEPER: Final = 0.8
_TAG: Final = re.compile(rb"(<[^>]*>)")
_OPEN_TAG: Final = re.compile(rb"<([\w-]+)[^/>]*>")
#: Parts before what the root holds: the declaration and the root itself, with what is between them.
_HEAD_PARTS: Final = 3
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SEPARATORS: Final = b"|;,"


def mutated(sample: bytes, random: Random) -> bytes:
    """The sample with one to nine changes."""
    content = sample
    inside = _inside(sample)
    if inside is not None and random.random() < _INSIDE:
        content = inside(sample, random)
        if random.random() > _BOTH:
            return content
    for _ in range(random.randint(1, 5)):
        content = random.choice(_CHANGES)(content, random)
    return content


def _inside(sample: bytes) -> Callable[[bytes, Random], bytes] | None:
    """What changes values and leaves the form of the file; None for a form of bytes."""
    first = sample.lstrip()[:1]
    if first in {b"{", b"["}:
        return _restructured
    if first == b"<":
        return _reelemented
    return None if sample.startswith((b"\0", b"Obj\1")) else _refilled


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
    """The same document with other values in some places; now and then with a record a line."""
    held = _parsed(content)
    lines = isinstance(held, list) and content.startswith(b"{")
    for _ in range(random.randint(1, 4)):
        where, key = _place(held, random)
        where[key] = deepcopy(random.choice(_VALUES))  # or a list would end up in itself
    if lines or random.random() < 0.2:
        records = (
            next((one for one in held.values() if isinstance(one, list)), [held]) if isinstance(held, dict) else held
        )
        text = "".join(json.dumps(one) + "\n" for one in records)
    else:
        text = json.dumps(held, ensure_ascii=random.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return [orjson.loads(line) for line in content.splitlines()]


def _refilled(content: bytes, random: Random) -> bytes:
    """The same table with other values in some cells of its rows."""
    header, *rows = content.split(b"\n")
    separator = bytes([max(_SEPARATORS, key=header.count)])
    filled = [number for number, row in enumerate(rows) if row]
    for _ in range(random.randint(1, 4)):
        number = random.choice(filled)
        cells = rows[number].split(separator)
        cells[random.randrange(len(cells))] = _plain_word(random)
        rows[number] = separator.join(cells)
    return b"\n".join([header, *rows])


def _reelemented(content: bytes, random: Random) -> bytes:
    """The same XML with other texts in some elements, and elements more or less."""
    parts = _TAG.split(content)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(parts) - 2)  # the last two are the end of the whole
        if at % 2 == 0:
            parts[at] = escape(_NO_XML.sub("", _plain_word(random).decode("utf-8", "replace"))).encode()
        elif (opened := _OPEN_TAG.fullmatch(parts[at])) and at > _HEAD_PARTS:
            closed = b"</%s>" % opened[1]  # of the innermost of that name: what is around it may be left open
            last = next((end for end in range(at, len(parts)) if parts[end] == closed), at)
            parts[at : last + 1] = parts[at : last + 1] * random.choice((0, 2))
    return b"".join(parts)


def _plain_word(random: Random) -> bytes:
    """A word, or a value as text."""
    if random.random() < 0.5:
        return random.choice(WORDS)
    return str(random.choice(_VALUES)).encode("utf-8", "replace")


def _place(held: Any, random: Random) -> tuple[Any, Any]:
    """A container somewhere in a document, and one of its keys."""
    while True:
        key = random.choice(list(held)) if isinstance(held, dict) else random.randrange(len(held))
        inner = held[key]
        if not (isinstance(inner, dict | list) and inner and random.random() < _DEEPER):
            return held, key
        held = inner


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
