"""What the workers counted, recounted from the events by naive code that shares nothing with theirs."""

from beffroi.audit.compare import Audited, Difference, audit
from beffroi.audit.recount import Recount

__all__ = ["Audited", "Difference", "Recount", "audit"]
