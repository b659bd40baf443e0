"""What each kind of change means: one rule a kind, FULL_TRANSITIVE and what the standard check does not see.

Source of the standard part: Confluent documentation, "Schema Evolution and Compatibility": FULL means that the new
schema reads what the old one wrote, and the old one what the new one writes; TRANSITIVE, against every earlier version.
"""

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["compatible", "warning", "breaking"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of change means.

    Attributes:
        kind: The kind it judges.
        verdict: compatible; warning, somebody should look; breaking.
        standard: Whether a schema registry in mode FULL_TRANSITIVE refuses it as well.
        why: Why, for whoever made the change.
        way_out: The smallest change that would do instead; empty when there is nothing to change.
    """

    kind: str
    verdict: Verdict
    standard: bool
    why: str
    way_out: str = ""


def _fine(kind: str, why: str) -> Rule:
    return Rule(kind, "compatible", standard=False, why=why)


def _look(kind: str, why: str, way_out: str) -> Rule:
    return Rule(kind, "warning", standard=False, why=why, way_out=way_out)


def _house(kind: str, why: str, way_out: str) -> Rule:
    return Rule(kind, "breaking", standard=False, why=why, way_out=way_out)


def _avro(kind: str, why: str, way_out: str) -> Rule:
    return Rule(kind, "breaking", standard=True, why=why, way_out=way_out)


_BESIDE: Final = "leave the field as it is, add another beside it with default null, and tell readers to move"
_MAJOR: Final = "leave it, or make a new major with a conversion (schemas/majors.py)"

#: One rule for each kind. A kind without a rule is breaking: nothing passes because nobody thought of it.
RULES: Final[tuple[Rule, ...]] = (
    # fields
    _fine("field-added", "older readers pass over it, newer ones read its default from older records"),
    _avro("field-without-default-added", "records written so far lack the field, and nothing says what to read instead",
          "give it a default: null for what a source may not know"),
    _look("field-removed", "whoever reads it finds its default from now on, without an error",
          "keep the field and say in its doc that nobody fills it any more"),
    _avro("field-without-default-removed", "older readers need the field and find neither value nor default",
          "keep it; first give it a default, remove it once every reader knows that version"),
    _house("field-renamed", "JSON, CSV and the code of readers know the old name, and aliases help none of them",
           "keep the old name, or add the new one beside it"),
    _avro("field-without-default-renamed", "older readers look for the old name and find neither value nor default",
          "keep the old name, or add the new one beside it with a default"),
    _fine("fields-reordered", "fields are resolved by name"),
    # defaults and aliases
    _fine("default-added", "records that lack the field can be read now"),
    _house("default-removed", "a version that lacks the field can no longer be read", "keep the default"),
    _house("default-changed", "the same older record would be read with another value from now on",
           "keep the default; write the new value explicitly"),
    _fine("alias-added", "readers accept one more name"),
    _house("alias-removed", "records written under that name can no longer be read", "keep the alias"),
    # names
    _avro("type-renamed", "records, enums and fixed types are matched by name", "keep the name, whatever it says now"),
    _house("namespace-changed", "the subject and the generated code carry the full name",
           "keep the namespace; a new major has its own: beffroi.<domain>.v<n+1>"),
    _house("namespace-added", "the subject and the generated code carry the full name", "leave it without"),
    _house("namespace-removed", "the subject and the generated code carry the full name", "keep the namespace"),
    # types
    _avro("type-changed", "one type cannot be read as the other", _BESIDE),
    _avro("number-widened", "newer readers cope, older ones cannot read the wider number", _BESIDE),
    _avro("number-narrowed", "what was written so far may not fit", "keep the wider number"),
    _house("text-and-bytes-exchanged", "Avro lets it pass, but models, JSON and CSV change their type", _BESIDE),
    _avro("made-optional", "older readers cannot read null", "keep it required, or add an optional field beside it"),
    _avro("made-required", "records written so far may hold null",
          "keep it optional; check at intake that it is there"),
    _avro("branch-added", "older readers do not know the new branch", _BESIDE),
    _avro("branch-removed", "records written so far may hold that branch", "keep the branch"),
    _look("branches-reordered", "a default must fit the first branch for older Avro libraries",
          "keep the order, null first"),
    _avro("fixed-size-changed", "bytes of another length cannot be read", _BESIDE),
    _house("logical-type-added", "the same number means something else to whoever reads it plainly", _BESIDE),
    _house("logical-type-removed", "readers get a bare number where they got a date, an instant or a decimal", _BESIDE),
    _house("logical-type-changed", "the same number means another moment or value", _BESIDE),
    _house("precision-changed", "readers hold numbers of the old size", _BESIDE),
    _house("scale-changed", "every amount written so far would shift by powers of ten", _BESIDE),
    # enums
    _fine("symbol-added", "older readers read it as their default"),
    _avro("symbol-without-default-added", "older readers do not know the symbol and have no default",
          "give the enum a default first, in a version of its own"),
    _look("symbol-removed", "what was written with it reads as the default from now on", "keep the symbol, unused"),
    _avro("symbol-without-default-removed", "records written with it can no longer be read", "keep the symbol"),
    _fine("symbols-reordered", "symbols are resolved by name"),
    _fine("enum-default-added", "newer readers cope with symbols to come"),
    _house("enum-default-removed", "the next symbol would break every reader", "keep the default"),
    _house("enum-default-changed", "symbols that a reader does not know would change their meaning",
           "keep the default"),
    # what a field means
    _fine("doc-changed", "words only: make sure that the meaning stays"),
    _fine("doc-added", "documented at last"),
    _house("doc-removed", "nobody can tell any more what to write", "keep the doc"),
    _fine("fr-changed", "words only: make sure that the meaning stays"),
    _fine("fr-added", "documented at last"),
    _house("fr-removed", "partners can no longer read it in their language", "keep the French text"),
    _look("class-tightened", "readers who may not see this class lose the field", "tell them before"),
    _house("class-loosened", "data that were protected would become visible, those written so far too",
           "keep the class; publish a field of its own with what may be seen"),
    _house("unit-changed", "every number written so far would be read in another unit", _BESIDE),
    _house("unit-removed", "nobody can tell any more what the number counts", "keep the unit"),
    _fine("unit-added", "the number says what it counts"),
    _look("codes-changed", "the same code may mean something else in another list", "name the list's version"),
    _fine("codes-added", "the source of the code list is named"),
    _look("codes-removed", "nobody can tell any more which list the code is from", "keep the name of the list"),
    # what a writer may write
    _house("pattern-added", "writers who are right today would be refused", "check it as a warning at intake first"),
    _house("pattern-changed", "writers who are right today may be refused", "keep the form, or make a new major"),
    _look("pattern-removed", "readers may rely on the form", "tell them before"),
    _house("minimum-tightened", "writers who are right today would be refused", "keep the bound"),
    _look("minimum-loosened", "readers may rely on the bound", "tell them before"),
    _house("maximum-tightened", "writers who are right today would be refused", "keep the bound"),
    _look("maximum-loosened", "readers may rely on the bound", "tell them before"),
    # the contract
    _house("root-added", "records of one root would move to other partitions and lose their order", _MAJOR),
    _house("root-removed", "records of one root would move to other partitions and lose their order", _MAJOR),
    _house("root-changed", "records of one root would move to other partitions and lose their order", _MAJOR),
    _fine("stewardship-changed", "who answers for it, writes and reads it: no record changes"),
    _fine("contract-added", "nobody reads it yet"),
    _house("contract-removed", "its records stay on the bus and nobody could read them",
           "keep it; say in its doc who replaces it"),
    _house("lock-rewritten", "records on the bus carry this id and would be read with another schema",
           "put the entry back; `beffroi contracts generate` only ever adds"),
)  # fmt: skip
