"""Households and their members: valid ID numbers of nobody, ages and kin that fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from connectors.simulator import names
from connectors.simulator.places import COUNTIES, XINJIANG, Places

TODAY = date(2025, 10, 1)  # ages are counted to here
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as all departments should know them: `number` is the 18-character ID number, `sex` '1' or '2'."""

    number: str
    name: str
    sex: str
    birth: date
    ethnic: str
    phone: str
    relation: str

    @property
    def age(self) -> int:
        """Full years in October 2025."""
        return TODAY.year - self.birth.year - ((TODAY.month, TODAY.day) < (self.birth.month, self.birth.day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Persons who live together. `township` has 9 digits."""

    serial: int
    township: str
    rural: bool
    members: tuple[Person, ...]

    @property
    def county(self) -> str:
        """The first six digits."""
        return self.township[:6]


def check_character(seventeen: str) -> str:
    """The 18th character of an ID number (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, seventeen, strict=True)) % 11]


class People:
    """Makes households; every ID number once. `count` persons so far."""

    def __init__(self, rng: Random, places: Places) -> None:
        self._rng = rng
        self._places = places
        self._taken: set[str] = set()
        self._serial = 0
        self.count = 0

    def household(
        self,
        county: str | None = None,
        *,
        ages: Iterable[int] | None = None,
        rural: bool | None = None,
        at_most: int = 6,
    ) -> Household:
        """A household with members of the given ages (the head first), or a family of at most `at_most`."""
        rng = self._rng
        county = county or rng.choices(tuple(COUNTIES), tuple(COUNTIES.values()))[0]
        ethnic = "维吾尔族" if county == XINJIANG and rng.random() < 0.9 else "汉族"
        family = [("户主", age) for age in ages] if ages else self._family(at_most)
        self._serial += 1
        members: list[Person] = []
        for place, (relation, age) in enumerate(family):
            members.append(self._person(county, ethnic, relation if place == 0 or not ages else "其他", age, members))
        self.count += len(members)
        return Household(
            serial=self._serial,
            township=rng.choice(self._places.townships[county]),
            rural=rng.random() < 0.75 if rural is None else rural,
            members=tuple(members),
        )

    def stranger(self, county: str, age: int = 60) -> Person:
        """A person of no household, not counted: for rows that must not get through."""
        return self._person(county, "汉族", "户主", age, [])

    def numbered(self, person: Person, *, born: str | None = None, birth: date | None = None, order: int = 0) -> Person:
        """The same person under another number: issued elsewhere, of another birth, or of that order if it is free."""
        birth = birth or person.birth
        while True:
            seventeen = f"{born or person.number[:6]}{birth:%Y%m%d}{order or self._order(person.sex):03d}"
            number = seventeen + check_character(seventeen)
            if seventeen not in self._taken and (not order or number.endswith("000")):
                self._taken.add(seventeen)
                return replace(person, number=number, birth=birth, sex="21"[int(number[16]) % 2])
            birth -= timedelta(days=bool(order))

    def _order(self, sex: str) -> int:
        return 2 * self._rng.randint(0, 498) + (1 if sex == "1" else 2)

    def _family(self, at_most: int) -> list[tuple[str, int]]:
        rng = self._rng
        head = rng.randint(28, 82)
        family = [("户主", head)]
        if rng.random() < 0.7:
            family.append(("配偶", max(20, head + rng.randint(-5, 4))))
        family += [
            ("之子女", age)
            for age in (head - rng.randint(21, 38) for _ in range(rng.choice((0, 1, 1, 2, 2, 3))))
            if age >= 0
        ]
        if head < 60 and rng.random() < 0.25:
            family.append(("之父母", head + rng.randint(20, 32)))
        return family[:at_most]

    def _person(self, county: str, ethnic: str, relation: str, age: int, kin: list[Person]) -> Person:
        rng = self._rng
        sex = rng.choice("12")
        if relation == "配偶":
            sex = "2" if kin[0].sex == "1" else "1"
        birth = TODAY.replace(year=TODAY.year - age) - timedelta(days=rng.randint(1, 364))
        head = kin[0].name if kin and relation == "之子女" else None
        if ethnic == "维吾尔族":
            father = head.split(names.DOT)[0] if head and kin[0].sex == "1" else None
            name = names.uyghur(rng, sex, father)
        else:
            name = names.han(rng, sex, head[0] if head else None)
        return Person(
            number=self._number(county, birth, sex),
            name=name,
            sex=sex,
            birth=birth,
            ethnic=ethnic,
            phone=f"1{rng.choice((3, 5, 7, 8))}{rng.randrange(10**9):09d}",
            relation={"1": "之子", "2": "之女"}[sex] if relation == "之子女" else relation,
        )

    def _number(self, county: str, birth: date, sex: str) -> str:
        rng = self._rng
        born = county if rng.random() < 0.9 else rng.choice(self._places.births[county[:2]])
        while True:
            seventeen = f"{born}{birth:%Y%m%d}{self._order(sex):03d}"
            if seventeen not in self._taken:
                self._taken.add(seventeen)
                return seventeen + check_character(seventeen)
