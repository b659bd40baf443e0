"""Work on the contracts: what is generated, what changes break and for whom, who still uses an old major, documents."""

from beffroi.contracts.generate import generate
from beffroi.contracts.history import check, compare, schema_named
from beffroi.contracts.readership import readership

__all__ = ["check", "compare", "generate", "readership", "schema_named"]
