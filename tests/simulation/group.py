"""The consumer group's coordinator: members, generations, assignments, committed offsets."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.simulation.broker import TP

Pick = Callable[[int], int]


@dataclass(eq=False)
class Member:
    """A worker in the group; its generation is the one it last got an assignment in."""

    name: str
    generation: int = 0
    assigned: frozenset[TP] = frozenset()


@dataclass
class Group:
    """Forms a generation when every member has asked for it; who is silent is evicted by ``evict``.

    Args:
        partitions: What is assigned.
        pick: Decides assignments that stickiness leaves open.
    """

    partitions: Sequence[TP]
    pick: Pick
    generation: int = 0
    members: list[Member] = field(default_factory=list)
    committed: dict[TP, int] = field(default_factory=dict)
    _waiting: dict[Member, "asyncio.Future[bool]"] = field(default_factory=dict)
    _due: bool = False

    def stale(self, member: Member) -> bool:
        """Whether a member's heartbeat would say that it must join again."""
        return self._due or member not in self.members or member.generation != self.generation

    def join(self, member: Member, joined: "asyncio.Future[bool]") -> None:
        """Ask for the next generation; the future tells whether it was formed with this member."""
        if member not in self.members:
            self.members.append(member)
        self._due = True
        self._waiting[member] = joined
        self._form()

    def evict(self, member: Member) -> None:
        """A member left, or was silent for too long."""
        if member in self.members:
            self.members.remove(member)
            if member in self._waiting:
                self._waiting.pop(member).set_result(False)
            self._due = True
            self._form()

    def commit(self, member: Member, tp: TP, offset: int) -> None:
        """Note a member's offset; that of an older generation is refused."""
        if member in self.members and member.generation == self.generation:
            self.committed[tp] = offset

    def _form(self) -> None:
        if not self.members or set(self._waiting) != set(self.members):
            return
        self.generation += 1
        self._due = False
        shares = self._shares()
        waiting, self._waiting = self._waiting, {}
        for member, joined in waiting.items():
            member.generation, member.assigned = self.generation, frozenset(shares[member])
            joined.set_result(True)

    def _shares(self) -> dict[Member, list[TP]]:
        """Evenly, each partition where it was if that is possible; now and then anywhere."""
        shares: dict[Member, list[TP]] = {member: [] for member in self.members}
        scatter = self.pick(2) == 0
        most = -(-len(self.partitions) // len(self.members))
        left = []
        for tp in self.partitions:
            holder = next((member for member in self.members if tp in member.assigned), None)
            if holder is None or scatter or len(shares[holder]) >= most:
                left.append(tp)
            else:
                shares[holder].append(tp)
        for tp in left:
            free = [member for member in self.members if len(shares[member]) < most]
            shares[free[self.pick(len(free))]].append(tp)
        return shares
