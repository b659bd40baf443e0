"""The world: sessions and trainees, and what happens to them; the same seed gives the same world."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from beffroi.simulator.trades import Course, courses
from schemas.territory.areas import Territory
from schemas.territory.tables import Commune

#: A training group of the Région has 6 to 16 people.
GROUP = (6, 16)
#: Sessions are spread so that some ended, some run and some begin soon.
FIRST_END_DAYS, LAST_END_DAYS = -20, 240
#: Organisations that do not exist.
_NAMES = ("Formaplaine", "Beffroi Compétences", "Institut des Deux Caps", "Atelier du Ternois", "École de la Lys",
          "Campus des Houblonnières", "Les Savoir-Faire de Thiérache", "Centre Horizon Scarpe")  # fmt: skip
_SCHEMES = ("AIF", "AFC", "POEC", "POEI", "BEN", "41N")


@dataclass(frozen=True, slots=True)
class Trainee:
    """A person who does not exist: two identifiers and a number for invented contacts."""

    number: int

    @property
    def national(self) -> str:
        """Ten digits, like a France Travail identifier."""
        return f"9{self.number:09d}"

    @property
    def local(self) -> str:
        """Ten digits and a letter, like a local one."""
        return f"09{self.number:08d}Z"


@dataclass(frozen=True, slots=True)
class Session:
    """A dated run of a course at one place."""

    number: int
    course: Course
    commune: Commune
    provider: str
    siret: str
    starts_on: date
    ends_on: date
    trainees: tuple[Trainee, ...]
    scheme: str

    @property
    def intercarif(self) -> str | None:
        """The Intercarif number; one session in twelve has none."""
        return None if self.number % 12 == 0 else f"SE_{self.number:010d}"


class Region:
    """The sessions of the invented region.

    Args:
        seed: The same gives the same.
        today: Dates are around it.
        territory: Where communes and their populations come from.
        sessions: How many to begin with.
    """

    def __init__(self, seed: int, today: date, territory: Territory, sessions: int) -> None:
        self._random = Random(seed)
        self._today = today
        self._communes = sorted(territory.communes, key=lambda commune: commune.code)
        self._weights = [commune.population for commune in self._communes]
        self._number = seed * 1_000_000
        self._people = seed * 10_000_000
        largest = {c.arrondissement: c for c in sorted(self._communes, key=lambda c: c.population) if c.arrondissement}
        everywhere = [self._session(commune) for commune in largest.values()]
        self.sessions = everywhere + [self._session() for _ in range(max(0, sessions - len(everywhere)))]

    def _session(self, commune: Commune | None = None) -> Session:
        random = self._random
        self._number += 1
        course = random.choices(courses(), [course.weight for course in courses()])[0]
        place = commune or random.choices(self._communes, self._weights)[0]
        ends_on = self._workday(self._today + timedelta(days=random.randint(FIRST_END_DAYS, LAST_END_DAYS)))
        starts_on = self._workday(ends_on - timedelta(weeks=random.randint(*course.weeks)))
        organisation = random.randrange(len(_NAMES))
        size = random.randint(*GROUP)
        return Session(
            self._number, course, place, _NAMES[organisation], siret(organisation), starts_on, ends_on,
            tuple(self._trainee() for _ in range(size)), random.choice(_SCHEMES),
        )  # fmt: skip

    def _trainee(self) -> Trainee:
        self._people += 1
        return Trainee(self._people)

    @staticmethod
    def _workday(day: date) -> date:
        return day - timedelta(days=max(0, day.weekday() - 4))

    def move_dates(self) -> list[Session]:
        """Some sessions end one to three weeks later."""
        return [self._put(at, self._later(self.sessions[at])) for at in self._some(4)]

    def _later(self, session: Session) -> Session:
        shift = timedelta(weeks=self._random.randint(1, 3))
        return replace(session, ends_on=self._workday(session.ends_on + shift))

    def open_sessions(self) -> list[Session]:
        """Some new sessions."""
        fresh = [self._session() for _ in range(self._random.randint(2, 6))]
        self.sessions += fresh
        return fresh

    def drop_out(self) -> None:
        """Some trainees leave: they vanish from the next snapshot."""
        for at in self._some(8):
            session = self.sessions[at]
            if len(session.trainees) > 1:
                self._put(at, replace(session, trainees=session.trainees[:-1]))

    def cancel(self) -> None:
        """A session is cancelled: it vanishes from the next snapshot."""
        if len(self.sessions) > 1:
            self.sessions.pop(self._random.randrange(len(self.sessions)))

    def pick(self, count: int) -> list[Session]:
        """Some sessions, as they are."""
        return [self.sessions[at] for at in self._some(count)]

    def _some(self, count: int) -> list[int]:
        return self._random.sample(range(len(self.sessions)), min(count, len(self.sessions)))

    def _put(self, at: int, session: Session) -> Session:
        self.sessions[at] = session
        return session


def siret(organisation: int) -> str:
    """A number with a right key that no organisation has: its SIREN begins with 000."""
    base = f"0000{organisation + 1:04d}"
    siren = base + _luhn(base)
    return siren + "0001" + _luhn(siren + "0001")


def _luhn(digits: str) -> str:
    """The digit that makes the sum of Luhn's algorithm (ISO/IEC 7812-1) a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # the algorithm's own nine
    return str(-total % 10)
