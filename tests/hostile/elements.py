"""Damage to XML: entities, DTDs, depth, encodings, what is not well formed."""

from collections.abc import Iterator
from typing import Final

from tests.hostile.damage import FORMULAS, GIGABYTE, ODD, Damage, Endless, encoded, strangers

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TITLE: Final = "<intitule-formation>Conducteur routier</intitule-formation>"
MANY: Final = 100_000


def damages(name: str, sample: bytes, port: int) -> Iterator[Damage]:
    """Every damage of the format; what reaches out reaches for a port of this machine."""
    del name
    text = sample.decode()
    yield from strangers()
    yield from encoded(text, "utf-32", "cp500")
    yield from _entities(text, f"http://127.0.0.1:{port}/x")
    yield from _encodings(text)
    yield from _forms(text)
    yield from _sizes(text)
    yield from _texts(text)


def _entities(text: str, url: str) -> Iterator[Damage]:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for what, (subset, used) in {
        "a billion laughs": (f'[<!ENTITY l0 "lol">{laughs}]', "&l9;"),
        "an entity that grows quadratically": (f'[<!ENTITY a "{"a" * 50_000}">]', "&a;" * 5_000),
        "an entity that holds itself": ('[<!ENTITY a "&b;"><!ENTITY b "&a;">]', "&a;"),
        "an entity of a file": ('[<!ENTITY a SYSTEM "file:///etc/passwd">]', "&a;"),
        "an entity of a device": ('[<!ENTITY a SYSTEM "file:///dev/zero">]', "&a;"),
        "an entity of another machine": (f'[<!ENTITY a SYSTEM "{url}">]', "&a;"),
        "an entity of an ftp server": (f'[<!ENTITY a SYSTEM "{url.replace("http", "ftp")}">]', "&a;"),
        "a parameter entity": (f'[<!ENTITY % a SYSTEM "{url}"> %a;]', "x"),
        "a parameter entity of a file": ('[<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]', "x"),
        "a DTD of another machine": (f'SYSTEM "{url}"', "x"),
        "a public DTD": (f'PUBLIC "-//x//y" "{url}"', "x"),
        "a DTD without content": ("[]", "x"),
        "a default attribute": ('[<!ATTLIST lheo x CDATA "y">]', "x"),
        "a harmless entity": ('[<!ENTITY a "a">]', "&a;"),
    }.items():  # fmt: skip
        made = text.replace(_HEAD, f"{_HEAD}<!DOCTYPE lheo {subset}>").replace("Conducteur routier", used)
        yield Damage(what, "whole", made.encode())
        yield Damage(f"{what}, in UTF-16", "whole", made.replace("UTF-8", "UTF-16").encode("utf-16"))
    yield Damage("an entity that is not declared", "whole", text.replace("Conducteur", "&nbsp;").encode())
    far = _HEAD + f"<!--{'x' * (65_536 - len(_HEAD) - 11)}-->"
    yield Damage("a DTD across two readings", "whole", text.replace(_HEAD, far + "<!DOCTYPE lheo []>").encode())
    included = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}" parse="text"/>'
    yield Damage("an inclusion", "harmless", text.replace(_TITLE, _TITLE + included).encode(), "nobody follows it")
    sheet = f'<?xml-stylesheet type="text/xsl" href="{url}"?>'
    yield Damage("a style sheet", "harmless", text.replace(_HEAD, _HEAD + sheet).encode(), "nobody follows it")
    located = f'<lheo xsi:schemaLocation="http://www.lheo.org/2.2 {url}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    yield Damage("a schema's address", "harmless", text.replace("<lheo", located).encode(), "nobody follows it")


def _encodings(text: str) -> Iterator[Damage]:
    accent = text.replace("Conducteur", "Électricien")
    yield Damage("UTF-16 that says so", "harmless", text.replace("UTF-8", "UTF-16").encode("utf-16"), "XML 1.0, 4.3.3")
    yield Damage("Windows-1252 that says so", "harmless", accent.replace("UTF-8", "windows-1252").encode("cp1252"),
                 "XML 1.0, 4.3.3")  # fmt: skip
    yield Damage("a byte order mark", "harmless", text.encode("utf-8-sig"), "XML 1.0, 4.3.3")
    yield Damage("mojibake", "harmless", accent.encode().decode("latin-1").encode(), "wrong letters are letters")
    yield Damage("Windows-1252 that says UTF-8", "whole", accent.encode("cp1252"))
    yield Damage("UTF-8 that says UTF-16", "whole", text.replace("UTF-8", "UTF-16").encode(), elsewhere={})
    yield Damage("an encoding that nobody knows", "whole", text.replace("UTF-8", "KLINGON-8").encode())
    yield Damage("accents that say ASCII", "whole", accent.replace("UTF-8", "US-ASCII").encode())
    for what, raw in {"a NUL": b"\0", "a control": b"\x07", "half a letter": b"\xc3", "an overlong byte": b"\xc0\xaf",
                      "a surrogate": b"\xed\xa0\x80", "a noncharacter": b"\xef\xbf\xbf"}.items():  # fmt: skip
        yield Damage(f"{what} as bytes", "whole", text.encode().replace(b"Conducteur", raw))
    for number in ("0", "7", "xD800", "xFFFF", "x110000", "99999999999999"):
        yield Damage(f"the letter number {number}", "whole", text.replace(
            "Conducteur", f"&#{number};").encode())  # fmt: skip


def _forms(text: str) -> Iterator[Damage]:
    for what, (old, new) in {
        "an element that is not closed": ("</intitule-formation>", ""), "an element closed twice": ("</offres>",
        "</offres></offres>"),
        "elements that cross": ("</domaine-formation>\n<intitule-formation>",
        "<intitule-formation></domaine-formation>"), "two roots": ("</lheo>", "</lheo><lheo/>"),
        "text behind the root": ("</lheo>", "</lheo>x"), "a bare ampersand": ("Conducteur", "A & B"),
        "a bare bracket": ("Conducteur", "A < B"), "an attribute twice": ('numero="F_1"', 'numero="F_1" numero="F_2"'),
        "an attribute without quotes": ('numero="F_1"', "numero=F_1"), "a prefix of nobody": ("<offres", "<y:offres"),
        "CDATA without end": ("Conducteur", "<![CDATA["), "two hyphens in a comment": ("<offres>",
        "<offres><!-- -- -->"),
        "a comment without end": ("<offres>", "<offres><!--"), "a declaration inside": ("<offres>",
        '<offres><?xml version="1.0"?>'),
        "a space before the declaration": ("<?xml", " <?xml"), "no training in it": ("formation", "fromation"),
        "XML 9": ('version="1.0"', 'version="9"'),
    }.items():  # fmt: skip
        yield Damage(what, "whole", text.replace(old, new).encode())
    for what, (old, new) in {
        "CDATA": ("Conducteur", "<![CDATA[<&]]>"), "a comment": ("Conducteur", "A<!-- x -->"),
        "another namespace": ("http://www.lheo.org/2.2", "urn:x"),
        "no namespace": (' xmlns="http://www.lheo.org/2.2"', ""),
    }.items():  # fmt: skip
        yield Damage(what, "harmless", text.replace(old, new).encode(), "local names count")


def _sizes(text: str) -> Iterator[Damage]:
    head, _, tail = text.partition("Conducteur")
    first, last = head.encode(), tail.encode()
    yield Damage("100,000 elements in each other", "whole", text.replace(
        _TITLE, "<a>" * MANY + "</a>" * MANY).encode())  # fmt: skip
    yield Damage("300 elements in each other", "whole", text.replace(_TITLE, "<a>" * 300 + "</a>" * 300).encode())
    yield Damage("a text of 11 MB", "whole", first + b"x" * 11_000_000 + last)
    yield Damage("a text of a gigabyte", "whole", Endless(first, b"x", GIGABYTE, last))
    yield Damage("a gigabyte of spaces", "whole", Endless(first, b" ", GIGABYTE, last))
    yield Damage("a gigabyte of open elements", "whole", Endless(first, b"<", GIGABYTE, last))
    yield Damage("a comment of a gigabyte", "whole", Endless(first + b"<!--", b"x", GIGABYTE, b"-->" + last))
    yield Damage("a name of a gigabyte", "whole", Endless(first + b"<", b"x", GIGABYTE, last))
    yield Damage("an attribute of a gigabyte", "whole", Endless(first + b'<a b="', b"x", GIGABYTE, last))
    yield Damage("100,000 attributes", "harmless", text.replace(
        _TITLE, f"{_TITLE}<a {_attributes(MANY)}/>").encode(), "nobody reads them")  # fmt: skip
    yield Damage("100,000 elements that nobody knows", "harmless", text.replace(
        _TITLE, _TITLE + "<a/>" * MANY).encode(), "nobody reads them")  # fmt: skip


def _texts(text: str) -> Iterator[Damage]:
    number = 'numero="SE_0000000200"'
    for what, new in {"no number": "", "an empty number": 'numero=""', "a number with spaces": 'numero="a b"',
                      "a formula as number": 'numero="=1+1"',
                      "a number of 1 MB": f'numero="{"x" * 1_000_000}"'}.items():  # fmt: skip
        yield Damage(what, "record", text.replace(number, new).encode())
    for what, day in {"no day": "20261332", "a day of letters": "demain", "a day of the year 9999": "99991231"}.items():
        yield Damage(what, "record", text.replace("20270430", day).encode())
    for formula in FORMULAS:
        bare = formula.replace("&", "&amp;").replace("<", "&lt;")
        yield Damage(f"the formula {formula}", "record", text.replace("Conducteur routier", bare).encode())
    for what, odd in ODD.items():
        bare = odd.replace("&", "&amp;").replace("<", "&lt;")
        broken = any(letter < " " or letter == "\uffff" for letter in odd)
        yield Damage(f"{what} in a text", "whole" if broken else "harmless",
                     text.replace("Conducteur", bare).encode(), "a text is only a text")  # fmt: skip


def _attributes(number: int) -> str:
    return " ".join(f"a{one}='1'" for one in range(number))
