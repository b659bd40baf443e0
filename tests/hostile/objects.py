"""Damage to JSON: encodings, numbers, depth, surrogates, cuts; as an array, over 4 MB (streamed) and line by line."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.hostile.damage import FORMULAS, GIGABYTE, ODD, Damage, Endless, encoded, strangers

#: A text that every record publishes, by its path.
TEXTS: Final = {
    "offres-json": "intitule", "kairos-json": "session/intitule", "ouiform-json": "session/intitule",
    "evenements-json": "titre", "data-inclusion-json": "nom", "sortants-json": "libActivite", "immersions-json": "name",
}  # fmt: skip
#: Names under which the samples hold their records.
_ENVELOPES: Final = ("resultats", "dossiers", "prescriptions", "content", "items", "listeValeursParPeriode", "data")
DEEP: Final = 100_000
#: Above 4 MB a file is streamed; each of so many records gets a text of this many letters.
_PADDED: Final = 12
_PADDING: Final = 400_000


class Array:
    """A sample as an array whose last record is damaged.

    Args:
        name: Of the format.
        sample: Its content.
    """

    def __init__(self, name: str, sample: bytes) -> None:
        held = json.loads(sample)
        self.sample = sample.decode()
        found = held if isinstance(held, list) else next(held[one] for one in _ENVELOPES if one in held)
        self.records: list[dict[str, Any]] = found
        self.path = TEXTS[name].split("/")

    def with_last(self, raw: str, *, large: bool = False, lines: bool = False) -> bytes:
        """The records, and one more as it is; over 4 MB, or one a line."""
        padded = [json.dumps({**self.records[0], "x": "x" * _PADDING})] * _PADDED if large else []
        texts = [*padded, *map(json.dumps, self.records), raw]
        return ("\n".join(texts) + "\n" if lines else f"[{', '.join(texts)}]").encode("utf-8", "surrogatepass")

    def more(self, raw: str) -> str:
        """The last record with one more value, as it is."""
        return json.dumps(self.records[-1])[:-1] + f', "hostile": {raw}}}'

    def text(self, value: Any) -> str:
        """The last record with another text."""
        record = json.loads(json.dumps(self.records[-1]))
        *parents, last = self.path
        inner = record
        for one in parents:
            inner = inner[one]
        inner[last] = value
        return json.dumps(record)


#: Values that are no JSON (RFC 8259), or that nobody can hold.
NO_VALUES: Final = {
    "NaN": "NaN", "infinity": "Infinity", "minus infinity": "-Infinity", "a word": "undefined", "a bare minus": "-",
    "a plus": "+1", "a leading zero": "01", "a point without digits": "1.", "hexadecimal": "0x1F",
    "an exponent alone": "1e",
    "single quotes": "'x'", "a comment": "1 /* x */", "a trailing comma": "[1,]", "a lone comma": "[,]",
    "an unknown escape": r'"\x41"', "half an escape": r'"\u12"', "an unclosed text": '"x', "a bare newline": '"a\nb"',
    "a NUL in a text": '"a\0b"', "a name without quotes": "{a: 1}", "a colon too many": '{"a"::1}',
    "a name alone": '{"a"}',
    "a bracket of the wrong kind": "[1}", "100,000 brackets": "[" * DEEP, "100,000 names": '{"a":' * DEEP,
}  # fmt: skip


def damages(name: str, sample: bytes) -> Iterator[Damage]:
    """Every damage of a format."""
    array = Array(name, sample)
    yield from strangers()
    yield from encoded(array.sample, "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500")
    yield from _documents(array)
    yield from _values(array)
    yield from _records(array)
    yield from _texts(array)
    if name == "offres-json":  # the way of reading is the same for all
        yield from _large(array)


def _documents(array: Array) -> Iterator[Damage]:
    text = array.sample
    yield Damage("a byte order mark", "harmless", text.encode("utf-8-sig"), "some systems write it")
    yield Damage("two byte order marks", "whole", b"\xef\xbb\xbf" + text.encode("utf-8-sig"))
    yield Damage("bytes of Windows-1252", "whole", array.with_last(array.more('"é"')).replace(b"\xc3\xa9", b"\xe9"))
    yield Damage("an overlong byte", "whole", array.with_last(array.more('"@@"')).replace(b"@@", b"\xc0\xaf"))
    yield Damage("a surrogate in UTF-8", "whole", array.with_last(array.more('"\ud800"')))
    for what, value in {
        "null": "null",
        "true": "true",
        "a number": "1",
        "a text": '"x"',
        "an empty array": "[]",
    }.items():
        yield Damage(f"{what} alone", "whole", value.encode())
    yield Damage("an array in an array", "whole", b"[]]")
    yield Damage("100,000 brackets alone", "whole", b"[" * DEEP)
    yield Damage("100,000 closed brackets", "whole", b"[" * DEEP + b"]" * DEEP)
    yield Damage("100,000 objects alone", "whole", b'{"a":' * DEEP)
    yield Damage("text behind it", "whole", text.encode() + b"x")


def _values(array: Array) -> Iterator[Damage]:
    for what, raw in NO_VALUES.items():
        yield Damage(f"{what} in an array", "whole", array.with_last(array.more(raw)))
        yield Damage(f"{what} in a line", "record", array.with_last(
            array.more(raw).replace("\n",
            " " if raw != NO_VALUES["a bare newline"] else "\x01"), lines=True))  # fmt: skip
    for what, raw in {"high": r'"\ud800"', "low": r'"\udc00x"', "turned": r'"\udc00\ud800"'}.items():
        yield Damage(f"a lone {what} surrogate in an array", "whole", array.with_last(array.more(raw)))
        yield Damage(f"a lone {what} surrogate in a line", "record", array.with_last(
            array.more(raw), lines=True))  # fmt: skip


def _records(array: Array) -> Iterator[Damage]:
    for what, raw in {
        "null": "null", "a number": "7", "a text": '"x"', "an array": "[[]]", "an empty object": "{}",
        "an object of nothing known": '{"a": 1}', "an object without a name": '{"": 1}',
        "an object 100 deep": '{"a":' * 100 + "1" + "}" * 100,
        "an array 900 deep": '{"a":' + "[" * 900 + "]" * 900 + "}",
    }.items():  # fmt: skip
        yield Damage(f"{what} as a record", "record", array.with_last(raw))
        yield Damage(f"{what} as a record in a line", "record", array.with_last(raw, lines=True))
    for what, value in {
        "true": True,
        "a list": ["x"],
        "an object": {"a": 1},
        "a number with an exponent": 1e300,
    }.items():
        if array.path != ["libActivite"]:
            yield Damage(f"{what} for a text", "record" if isinstance(value, list | dict) else "harmless",
                         array.with_last(array.text(value)),
                         "a number is written out; an optional text is left out, and that is said",
                         dict.fromkeys(("kairos-json", "ouiform-json", "immersions-json"), "harmless"))  # fmt: skip


def _texts(array: Array) -> Iterator[Damage]:
    for text in FORMULAS:
        yield Damage(f"the formula {text}", "record", array.with_last(array.text(text)))
    for what, text in ODD.items():
        yield Damage(f"{what} in a text", "harmless", array.with_last(array.text(text)),
                     "a text is only a text")  # fmt: skip


def _large(array: Array) -> Iterator[Damage]:
    for what, raw in NO_VALUES.items():
        if what not in {"100,000 brackets", "a NUL in a text", "a bare newline"}:
            yield Damage(f"{what} behind 4 MB", "whole", array.with_last(array.more(raw), large=True))
    for what, raw in {
        "many digits": "7" * 5_000,
        "a huge exponent": "1e999999999",
        "100,000 brackets": "[" * DEEP,
    }.items():
        yield Damage(f"{what} behind 4 MB", "whole", array.with_last(array.more(raw), large=True))
    yield Damage("a lone surrogate behind 4 MB", "whole", array.with_last(array.more(r'"\ud800"'), large=True))
    for what, large in {"a number of 20 digits": False, "a number of 20 digits behind 4 MB": True}.items():
        yield Damage(what, "harmless", array.with_last(array.more("9" * 20), large=large),
                     "nobody asks for that field, whose number is read as a float")  # fmt: skip
    yield Damage("a cut behind 4 MB", "whole", array.with_last("{}", large=True)[:-9])
    yield Damage("an object of 5 MB without records", "whole", b'{"a":"' + b"x" * 5_000_000 + b'"}')
    yield Damage("200,000 empty records", "whole", b"[" + b"{}," * 200_000 + b"{}]")
    yield Damage("200,000 empty lines of records", "whole", b"{}\n" * 200_000)
    yield Damage("a text of a gigabyte", "whole", Endless(b'[{"a":"', b"x", GIGABYTE, b'"}]'))
    yield Damage("a gigabyte of brackets", "whole", Endless(b"[", b"[", GIGABYTE, b""))
    yield Damage("a number of a gigabyte", "whole", Endless(b'[{"a":', b"7", GIGABYTE, b"}]"))
    yield Damage("a gigabyte of spaces", "whole", Endless(b"[", b" ", GIGABYTE, b"]"))
    yield Damage("a line of a gigabyte", "record", Endless(
        array.with_last(array.more("1"), lines=True) + b'{"a":"', b"x", GIGABYTE, b'"}\n'))  # fmt: skip
