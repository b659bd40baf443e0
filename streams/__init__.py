"""From events to views: the engine, its domains, and the release.

The way of an event:

1. ``transport`` hands what one fetch brought of a partition to the agent in ``app`` as one batch. ``agents.shell``
   gives it to the partition's state, if nothing is missing before it.
2. ``engine.partition`` looks at each event without reading it: the slot it speaks of, its version, what it says. Of
   each slot the newest is kept (``engine.pending``).
3. Ten times a second (``agents.pace``) what was kept is merged with what is held of its things (``engine.settling``,
   ``engine.things``); a session whose people moved moves cells (``engine.roots``, ``views.training``,
   ``engine.totals``).
4. ``agents.log`` writes the winning events, the cells that moved, as absolute numbers, and the position in one
   transaction.
5. One worker holds the release (``agents.release``): it reads everybody's cells (``agents.cells``), sums them over
   partitions, areas, trades and windows, and says what may be said (``release.board``). ``agents.publisher`` writes the
   rows that changed to the topics that readers have.

Beside the way: an event that cannot be read is told and set aside (``engine.pending``, ``agents.log``); a new owner
reads what its predecessor wrote (``agents.takeover``, ``agents.restore``) and goes on from there, roots unread until
somebody speaks of them (``engine.dormant``), recounting meanwhile (``agents.auditing``).
"""
