"""An XML file against an XML Schema, when that is asked for: what does not fit, where, and what to do."""

from pathlib import Path

import pytest

from beffroi import compose
from beffroi.kit import check, form_named
from beffroi.kit.html import as_html
from beffroi.settings import Settings
from connectors.formats import xsd
from connectors.formats.base import Problem
from connectors.formats.xsd import against
from connectors.inputs import Input
from schemas.errors import FileRefused, SettingsError
from tests.beffroi.test_cli import beffroi

#: The skeleton of LHEO with a few of its rules, written for these tests.
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="http://lheo.gouv.fr/2.3"
  targetNamespace="http://lheo.gouv.fr/2.3" elementFormDefault="qualified">
  <xs:element name="lheo"><xs:complexType><xs:sequence>
    <xs:element ref="offres"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="offres"><xs:complexType><xs:sequence>
    <xs:element ref="formation" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="formation"><xs:complexType><xs:sequence>
    <xs:element name="intitule-formation"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="20"/>
      </xs:restriction></xs:simpleType></xs:element>
    <xs:element name="heures" type="xs:int" minOccurs="0"/>
    <xs:element name="action"><xs:complexType><xs:sequence>
      <xs:element name="modalites-enseignement"><xs:simpleType><xs:restriction base="xs:token">
        <xs:enumeration value="0"/><xs:enumeration value="1"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="session"><xs:complexType><xs:attribute name="numero" type="xs:string" use="required"/>
        </xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
    </xs:sequence><xs:attribute name="numero" type="xs:string"/></xs:complexType></xs:element>
</xs:schema>
"""
GOOD = """<formation numero="F_1">
<intitule-formation>Soudeur</intitule-formation>
<heures>300</heures>
<action>
<modalites-enseignement>0</modalites-enseignement>
<session numero="SE_1"/>
</action>
</formation>
"""
PERSONAL = "PLANTEDNAME"


def lheo(*trainings: str, namespace: str = "http://lheo.gouv.fr/2.3") -> bytes:
    return f'<lheo xmlns="{namespace}"><offres>\n{"".join(trainings)}</offres></lheo>'.encode()


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "lheo.xsd"
    path.write_text(XSD)
    return path


def found(content: bytes, schema: Path) -> list[Problem]:
    return list(against(Input.of_bytes(content, "offre.xml"), schema))


def test_what_fits_has_no_problem(schema: Path) -> None:
    assert found(lheo(GOOD, GOOD), schema) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("<heures>300</heures>", "<durée>PLANTEDNAME</durée>",
         (10, "formation", "durée stands in formation where action is expected", "write action there")),
        ('<session numero="SE_1"/>\n', "", (13, "action", "action ends where session is expected", "add session")),
        (">0<", ">PLANTEDNAME<", (14, "modalites-enseignement", "must be one of ['0', '1']", "correct modalites")),
        ("Soudeur", "PLANTEDNAME " * 3, (11, "intitule-formation", "cannot be greater than 20", "correct intitule")),
        (">300<", ">PLANTEDNAME<", (12, "heures", "heures does not fit its type in the schema", "see what the schema")),
        ('numero="SE_1"', 'no="PLANTEDNAME"', (15, "session", "attribute", "correct the attributes of session")),
    ],
)  # fmt: skip
def test_each_element_that_does_not_fit_is_named_with_its_line_and_the_fix(
    schema: Path, before: str, after: str, told: tuple[int, str, str, str]
) -> None:
    line, element, message, fix = told
    problems = found(lheo(GOOD, GOOD.replace(before, after)), schema)
    first = problems[0]
    assert (first.code, first.line, first.pointer.rpartition("/")[2]) == ("xsd", line, element)
    assert message in first.message
    assert first.fix.startswith(fix)
    assert PERSONAL not in repr(problems)


def test_another_version_of_the_format_is_told_at_once(schema: Path) -> None:
    (problem,) = found(lheo(GOOD, namespace="http://www.lheo.org/2.2"), schema)
    assert (problem.pointer, problem.message) == ("lheo", "lheo is not in the namespace of the schema")


def test_lines_are_right_beyond_those_that_the_parser_counts_in_two_bytes(schema: Path) -> None:
    late = "\n" * 70_000 + GOOD.replace(">0<", ">9<")
    assert [problem.line for problem in found(lheo(GOOD, late), schema)] == [70_014]


def test_it_stops_where_nobody_reads_on(schema: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xsd, "MOST", 3)
    assert len(found(lheo(*[GOOD.replace(">0<", ">9<")] * 9), schema)) == 3


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE lheo SYSTEM "http://127.0.0.1:1/x"><lheo/>',
        b'<!DOCTYPE lheo [<!ENTITY a "x">]><lheo>&a;</lheo>',
        lheo(GOOD)[:-30],
        b"no xml",
    ],
)
def test_entities_and_cuts_are_refused_here_too(schema: Path, content: bytes) -> None:
    with pytest.raises(FileRefused):
        found(content, schema)


@pytest.mark.parametrize(
    "text",
    [
        "no schema",
        '<!DOCTYPE x [<!ENTITY a "b">]>' + XSD,
        XSD.replace("<xs:element name=", '<xs:include schemaLocation="http://127.0.0.1:1/x.xsd"/><xs:element name=', 1),
        XSD.replace("<xs:element name=", '<xs:include schemaLocation="/etc/x.xsd"/><xs:element name=', 1),
    ],
)
def test_a_schema_that_is_none_or_reaches_out_is_refused(schema: Path, text: str) -> None:
    schema.write_text(text)
    with pytest.raises(SettingsError, match="no XML Schema that can be read"):
        found(lheo(GOOD), schema)


def test_the_check_tells_them_beside_its_verdicts(schema: Path, tmp_path: Path) -> None:
    intake, form = compose.offline_intake(Settings()), form_named("intercarif-xml")
    bad = lheo(GOOD.replace(">0<", ">9<"))
    checked = check(intake, Input.of_bytes(bad, "offre_2026-11-20.xml"), form, schema)
    assert (checked.exit_code, checked.report and checked.report.accepted) == (4, 1)
    assert b'"xsd":[{"line":6,' in checked.as_json()
    assert "Does not fit the XML Schema" in as_html(checked)
    assert b'"xsd"' not in check(intake, Input.of_bytes(bad, "offre_2026-11-20.xml"), form).as_json()
    with pytest.raises(SettingsError, match="tally-csv is no XML"):
        check(intake, Input.of_bytes(bad), form_named("tally-csv"), schema)
    (tmp_path / "offre.xml").write_bytes(bad)
    told = beffroi(tmp_path, "check", "intercarif-xml", str(tmp_path / "offre.xml"), "--xsd", str(schema))
    assert (told.returncode, "modalites-enseignement, xsd (1)" in told.stdout) == (4, True)
