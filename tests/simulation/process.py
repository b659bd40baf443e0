"""One incarnation of a worker process: its threads are greenlets, so that one scheduler decides who runs when.

The real code runs unchanged: its event loop, its executor's threads and the release's own thread switch to the
scheduler wherever they would wait for Kafka or for time. Each such place has a name, at which a process can be killed
or paused. A killed process unwinds without effect: its clients are dead.
"""

import asyncio
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, cast

from greenlet import GreenletExit, getcurrent, greenlet

#: Of so many turns of an event loop without other work, one goes to the audit.
AUDIT_EVERY = 12


class Host(Protocol):
    """What a process needs of the world."""

    @property
    def healing(self) -> bool:
        """Whether all timers are to pass in turn."""
        ...

    def met(self, what: str) -> None:
        """Count something that happened."""
        ...

    def reached(self, process: "Process", point: str) -> None:
        """It is at a named point: it may be killed or paused there."""
        ...

    def pick(self, count: int) -> int:
        """A number below a count, decided by the schedule."""
        ...

    def answer_lost(self) -> bool:
        """Whether the answer to a commit gets lost, although it was committed."""
        ...


class Loop:
    """As much of an event loop as coroutines, futures and locks ask for; threads of its executor are greenlets."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self.ready: deque[asyncio.Handle] = deque()
        self.coroutines: list[Coroutine[Any, Any, Any]] = []

    @property
    def _real(self) -> asyncio.AbstractEventLoop:
        return cast("asyncio.AbstractEventLoop", self)

    def get_debug(self) -> bool:
        return False

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self._real, context)
        self.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self._real)

    def create_task(self, coro: Any, **options: Any) -> "asyncio.Task[Any]":
        self.coroutines.append(coro)
        return asyncio.Task(coro, loop=self._real, **options)

    def run_in_executor(self, _executor: Any, func: Any, *args: Any) -> "asyncio.Future[Any]":
        future = self.create_future()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001  # an executor's boundary
                future.set_exception(error)
            else:
                future.set_result(result)

        self._process.spawn(work)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._process.alive:  # what a dead one leaves is collected at some time, not at one of the schedule
            self._process.note("loop", context.get("message", ""))

    def run_ready(self) -> None:
        """Run what is due, until nothing is or the process is dead."""
        while self.ready and self._process.alive:
            self.ready.popleft()._run()


class Thread:
    """A thread of a process; the same words as ``threading.Thread`` where the product uses them."""

    def __init__(self, process: "Process", run: Callable[[], None]) -> None:
        self._process = process
        self._run = run
        self.greenlet = greenlet(self._whole)
        self.done = False

    def _whole(self) -> None:
        with suppress(GreenletExit):
            self._run()
        self.done = True

    def start(self) -> None:
        self._process.threads.append(self)

    def join(self) -> None:
        while not self.done:
            self._process.at("joining the release")

    @property
    def runnable(self) -> bool:
        return not self.done


class Lock:
    """A lock between threads of a process; the same words as ``threading.Lock`` where the product uses them."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._held = False

    def acquire(self) -> None:
        while self._held:
            self._process.at("turn")
        self._held = True

    def release(self) -> None:
        self._held = False


class MainThread(Thread):
    """The thread of the event loop: runs what is due, else lets one timer pass."""

    @property
    def runnable(self) -> bool:
        process = self._process
        return not self.done and bool(process.loop.ready or process.timers or self.greenlet.gr_frame is None)


class Process:
    """One incarnation of a worker.

    Args:
        host: The world.
        name: For the trace: worker and incarnation.
        note: Writes the trace.
    """

    def __init__(self, host: Host, name: str, note: Callable[..., None]) -> None:
        self.name = name
        self.alive, self.paused = True, False
        self.threads: list[Thread] = []
        self.timers: list[tuple[str, asyncio.Future[None]]] = []
        self.loop = Loop(self)
        self.death: tuple[str, BaseException] | None = None
        self._host = host
        self._note = note
        self._hub = getcurrent()
        MainThread(self, self._turn).start()

    def note(self, *words: object) -> None:
        self._note(self.name, *words)

    def pick(self, count: int) -> int:
        """A number below a count, decided by the schedule."""
        return self._host.pick(count)

    def met(self, what: str) -> None:
        """Count something that happened."""
        self._host.met(what)

    def lost_answer(self) -> bool:
        """Whether the answer to a commit gets lost."""
        return self._host.answer_lost()

    def spawn(self, run: Callable[[], None]) -> None:
        """Start a thread."""
        Thread(self, run).start()

    def timer(self, name: str) -> "asyncio.Future[None]":
        """Done when the schedule lets time pass."""
        future: asyncio.Future[None] = self.loop.create_future()
        self.timers.append((name, future))
        return future

    def runnable(self) -> list[Thread]:
        """The threads that could go on."""
        self.threads = [thread for thread in self.threads if not thread.done]
        return [thread for thread in self.threads if thread.runnable]

    def resume(self, thread: Thread) -> None:
        """Let a thread go on to its next point; the scheduler's call."""
        thread.greenlet.switch()
        events._set_running_loop(None)

    def at(self, point: str) -> None:
        """Wait at a named point until the scheduler lets this thread go on; the process may die here."""
        if getcurrent() is self._hub or not self.alive:
            return
        self._host.reached(self, point)
        self._leave_when_dead()
        running = events._get_running_loop()
        self._hub.switch()
        events._set_running_loop(running)
        self._leave_when_dead()

    def _leave_when_dead(self) -> None:
        if not self.alive:
            raise GreenletExit

    def _turn(self) -> None:
        while self.alive:
            self.at("turn")
            events._set_running_loop(self.loop._real)
            if not self.loop.ready:
                self._pass_time()
            self.loop.run_ready()

    def _pass_time(self) -> None:
        waiting = [one for one in self.timers if one[0] != "audit"]
        audits = [one for one in self.timers if one[0] == "audit"]
        if audits and (not waiting or self._host.pick(AUDIT_EVERY) == 0):
            waiting = audits
        if self._host.healing:
            waiting = self.timers[:1]
        if waiting:
            chosen = waiting[self._host.pick(len(waiting))]
            self.timers.remove(chosen)
            chosen[1].set_result(None)

    def die(self, reason: str, error: BaseException) -> None:
        """End at once, as ``os._exit`` does; called by the process itself."""
        self.death = (reason, error)
        self.note("died", reason, type(error).__name__)
        self.alive = False
        raise GreenletExit

    def bury(self) -> None:
        """Unwind what is left of a dead process; the scheduler's call."""
        self.alive = False
        for thread in self.threads:
            if not thread.done and thread.greenlet.gr_frame is not None:
                thread.greenlet.throw(GreenletExit)
        events._set_running_loop(None)
        self.threads = []
        for coroutine in self.loop.coroutines:
            with suppress(Exception):
                coroutine.close()
        self.loop.coroutines.clear()
        self.timers.clear()
        self.loop.ready.clear()
