"""The errors of the package, and the faults that an error gathers.

An error that a user can mend carries every fault found in one pass; each fault says where it is,
what is wrong and what to write instead.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a file."""

    file: str  # path of the file as the user would name it
    row: int
    subject: str  # what the fault is about: "URN 121130", a unit, a field such as size.min_pupils
    problem: str  # what is wrong, with the offending value
    remedy: str  # what to do about it
    column: int = 0
    kind: str = field(default="", compare=False)  # of many of one kind a few are told in full

    def __str__(self) -> str:
        """Give the fault as one line: file, row, subject, problem and remedy."""
        if self.column:
            # The form that editors follow to the place.
            place = f"{self.file}:{self.row}:{self.column}"
            return "  ".join(filter(None, [place, self.subject, self.problem, self.remedy]))
        where = f"{self.file}, row {self.row}" if self.row else self.file
        subject = f": {self.subject}" if self.subject else ""
        return f"{where}{subject}: {self.problem}. {self.remedy}"


MOST_ALIKE = 10
"""So many faults of a kind are told in full; of more, the first `TOLD` and a count."""

TOLD = 5


def few_of(faults: Sequence[Fault]) -> list[str]:
    """Give faults as lines: of many of one kind the first few, and where to find the rest."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        # What differs from row to row is in quotation marks or in figures.
        alike = fault.kind or re.sub(r'"[^"]*"|[\d.,]+', "#", fault.problem)
        kinds.setdefault((fault.file, alike), []).append(fault)
    lines: dict[Fault, str] = {}
    for same in kinds.values():
        shown = same if len(same) <= MOST_ALIKE else same[:TOLD]
        lines |= {fault: str(fault) for fault in shown}
        if len(shown) < len(same):
            rows = [f"row {one.row}" if one.row else one.subject for one in same[TOLD:]]
            more = f"and {len(rows) - TOLD} more" if len(rows) > TOLD else ""
            lines[shown[-1]] += (
                f"\n  and {len(rows):,} more like these: "
                f"{' '.join(filter(None, [', '.join(rows[:TOLD]), more]))}. `check --json` gives "
                f"each."
            )
    return [lines[fault] for fault in faults if fault in lines]


class ClusterOptimiserError(Exception):
    """Base of every error that this package raises on purpose."""


class _FaultsError(ClusterOptimiserError, ValueError):
    """An error that carries all faults found in one pass."""

    where = ""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(dict.fromkeys(faults))
        n = len(self.faults)
        head = f"{n} fault{'s' * (n != 1)}{self.where}:"
        super().__init__("\n".join([head, *(f"  {line}" for line in few_of(self.faults))]))

    @classmethod
    def of(cls, file: Path | str, problem: str, remedy: str, *, subject: str = "") -> Self:
        """Give the error of one fault."""
        return cls([Fault(str(file), 0, subject, problem, remedy)])

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Fault, ...]]]:
        """Go from process to process as what it is made of, not as what it says."""
        return type(self), (self.faults,)


class InputError(_FaultsError):
    """The data of an authority, or a plan file, has faults."""

    where = " in the data"


class ScenarioError(_FaultsError):
    """A scenario file has faults."""

    where = " in the scenario"


@contextmanager
def writing(what: Path | str) -> Iterator[None]:
    """Tell of what cannot be written in one line."""
    try:
        yield
    except OSError as error:
        message = f"{what} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for their owner alone; they are for all who may read the folder.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def refuse_to_write_over(given: Iterable[Path], made: Iterable[Path]) -> None:
    """Refuse to make files where one that is read lies: it would be lost."""
    there = [path for path in made if path.exists()]
    lost = [one for one in given if one.exists() and any(map(one.samefile, there))]
    if lost:
        problem, remedy = "it is read, and would be written over", "Name another --out."
        raise InputError([Fault(str(one), 0, "", problem, remedy) for one in lost])


def refuse_to_replace(path: Path, text: str) -> None:
    """Refuse to write a text over a file that begins otherwise, which would be lost."""
    first = text.partition("\n")[0].encode()
    if path.is_file():
        with path.open("rb") as there:
            is_ours = there.read(len(first)) == first
        if not is_ours:
            problem = "a file is there that is not of the kind that would be written over it"
            raise InputError.of(path, problem, "Name another, or remove it first.")


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Tell which packages are to be installed for what is imported here, and is no requirement."""
    try:
        yield
    except ImportError as error:
        message = f"the {name} needs more packages: pip install 'cluster-optimiser[{name}]'"
        raise ClusterOptimiserError(message) from error


class InfeasibleError(ClusterOptimiserError):
    """It is proved that no legal plan exists."""


class TooManyStatesError(ClusterOptimiserError):
    """All plans cannot be held; their number may still be counted."""


class NoPlanFoundError(ClusterOptimiserError):
    """The time ran out before any legal plan was found; none is proved impossible."""


class VerificationError(ClusterOptimiserError):
    """A plan or its numbers did not stand up to the independent check."""
