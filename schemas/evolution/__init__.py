"""What a change of a contract means for those who write and read it."""

from schemas.evolution.changes import Change, changes
from schemas.evolution.judgement import Finding, Reader, judge, judge_history, worst
from schemas.evolution.rules import RULES, Rule, Verdict

__all__ = ["RULES", "Change", "Finding", "Reader", "Rule", "Verdict", "changes", "judge", "judge_history", "worst"]
