"""What is odd about the ground that plans stand on: found before anything is solved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

Grade = Literal["fault", "warning", "note"]

GRADES: tuple[Grade, ...] = ("fault", "warning", "note")

N_EACH = 3
"""So many findings of a kind are caveats by themselves; of more, the worst so many."""

N_TOLD = 5
"""The same where all there is to read is the ground."""

IDLE_TERM = "idle-term"
"""Kind of what says nothing of whether there is a plan."""

MANY = {
    "accept": "entries of accept match nothing here",
    "alike": "names are spelt alike, and each is an area of its own",
    "closed": "schools are closed, as the register says",
    "dropped": "clusters hold no school that is placed in a plan",
    "enclave": "clusters lie wholly inside another",
    "exchanged": "registers may have two columns exchanged",
    "far-from-road": "schools lie far from any road of the map",
    "gap": "pairs of areas run beside each other and do not count as neighbours",
    "hole": "pieces of the outline are in no cluster",
    IDLE_TERM: "terms are asked for that have nothing to go by",
    "idle-pair": "links and barriers change nothing",
    "island": "parts of the map have no neighbour in the rest",
    "layer-coverage": "layers leave schools out",
    "many-pupils": "schools have more pupils than any school of England",
    "named-in-vain": "scenarios name exceptions and allow none",
    "no-minutes": "schools have travel minutes to few others or to none",
    "no-name": "areas have a word for not known as their name",
    "no-polygon": "clusters of the register have no polygon",
    "no-pupils": "schools have 0 pupils",
    "odd-trip": "tables have trips that nobody drives",
    "one-way": "tables know trips one way only",
    "other-area": "schools lie outside the area that the register gives them",
    "outside-cluster": "schools lie outside the cluster that the register gives them",
    "overlap": "pairs of areas overlap",
    "pieces": "clusters are in several pieces",
    "road-coverage": "road maps leave ground out",
    "road-parts": "groups of schools lie on roads of their own",
    "short-border": "pairs of areas share less border than makes neighbours",
    "sliver": "areas have parts too thin to be meant",
    "unit": "minutes may be of another unit",
    "two-places": "schools have two places in the register that are far apart",
}
"""Kind -> what is said of many of it."""

WHERE = "`check --report FILE.html` shows each, `check --json` lists them."


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One thing that is odd about the ground."""

    kind: str  # such as "outside-cluster"
    grade: Grade  # a fault stops a run; a warning does not, but is a caveat of every output
    subject: str  # who it is about, such as "URN 121130" or "Cromer - Sheringham"
    problem: str  # what was found, in words, without a full stop
    follows: str = ""  # what it means for the plans
    settle: str = ""  # what to write, and where, to settle it
    where: BaseGeometry | None = None  # in metres
    is_accepted: bool = False  # by authority.toml
    brief: str = ""  # the subject in a list of many, with what is odd about it
    settle_all: str = ""  # what to write where there are many
    size: float = 0.0  # the worst of many come first
    links: tuple[tuple[str, str], ...] = ()  # pairs that would be neighbours if it were settled

    @property
    def key(self) -> str:
        """What ``accept`` in authority.toml calls it."""
        return f"{self.kind}: {self.subject}"

    @property
    def text(self) -> str:
        """All of it in words."""
        said = " Accepted in authority.toml." if self.is_accepted else ""
        parts = [f"{self.problem}.", self.follows, "" if said else self.settle]
        return " ".join(filter(None, parts)) + said

    def fault(self, file: str) -> Fault:
        remedy = f'{self.settle} If it is right: accept = ["{self.key}"] in authority.toml.'
        return Fault(file, 0, self.subject, self.problem, remedy, kind=self.kind)

    def record(self) -> dict[str, Any]:
        place = None if self.where is None else self.where.centroid
        return {
            "kind": self.kind,
            "grade": self.grade,
            "subject": self.subject,
            "problem": self.problem,
            "follows": self.follows,
            "settle": self.settle,
            "accept": self.key,
            "accepted": self.is_accepted,
            "easting_northing": None if place is None else [round(place.x), round(place.y)],
        }


def accepted(findings: Iterable[Finding], accept: Sequence[str]) -> Iterator[Finding]:
    """Mark what is accepted; a note needs no leave."""
    for one in findings:
        is_accepted = one.key in accept and one.grade != "note"
        yield replace(one, is_accepted=True) if is_accepted else one


def gravest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give each finding once, as grave as it is anywhere."""
    by_key: dict[str, Finding] = {}
    for one in findings:
        known = by_key.get(one.key)
        if known is None or GRADES.index(one.grade) < GRADES.index(known.grade):
            by_key[one.key] = one
    return tuple(by_key.values())


def open_faults(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.grade == "fault" and not one.is_accepted]


def told_together(findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    """Give grade and words of findings, many of one kind and grade in one line."""
    kinds: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        kinds[one.kind, "accepted" if one.is_accepted else one.grade].append(one)
    for (kind, grade), group in kinds.items():
        if len(group) <= N_TOLD:
            yield from ((grade, one.text) for one in group)
            continue
        worst = max(group, key=lambda one: one.size)
        settle = "" if worst.is_accepted else worst.settle_all
        yield (
            grade,
            " ".join(filter(None, [_counted(kind, group, N_TOLD), worst.follows, settle, WHERE])),
        )


def _counted(kind: str, group: Sequence[Finding], n_named: int) -> str:
    """Say how many there are, and which are the worst."""
    worst = sorted(group, key=lambda one: -one.size)[:n_named]
    names = "; ".join(one.brief or one.subject for one in worst)
    return f"{len(group)} {MANY[kind]}: {names}; and {len(group) - n_named} more."


def caveats_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Give what every output must say: warnings, and what was accepted, many of a kind together."""
    by_kind: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.grade == "warning" or one.is_accepted:
            by_kind[one.kind].append(one)
    caveats = []
    for kind, group in by_kind.items():
        if len(group) > N_EACH:
            caveats.append(f"{_counted(kind, group, N_EACH)} {group[0].follows}".strip())
            continue
        said = (" Accepted." if one.is_accepted else "" for one in group)
        caveats += [
            f"{one.problem}. {one.follows}{end}".strip()
            for one, end in zip(group, said, strict=True)
        ]
    return tuple(caveats)
