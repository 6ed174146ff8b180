"""Gathering of faults, and the small readers of single cells that every table shares."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.scenario import nearest
from cluster_optimiser.scenario.words import unmangled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

N_NAMED = 5
"""Ids or names given in a message before the rest is only counted."""

MOST_NAME = 200
"""Letters that a name of a school, cluster or area may have."""

MOST_REPEATED = 60
"""Letters of a name that a message repeats."""

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_SPACED = re.compile(r"[-+]?\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d*)?")

_COULD_BE_EITHER = re.compile(r"[-+]?\d{1,3},\d{3}")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")

ValueT = TypeVar("ValueT")
ModelT = TypeVar("ModelT", bound=BaseModel)


class _Cells(Protocol):
    """A table that was read, as far as its columns are asked for."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def cells(self) -> pd.DataFrame: ...

    @property
    def file(self) -> str: ...


TableT = TypeVar("TableT", bound=_Cells)


def read_toml(path: Path, model: type[ModelT], *, what: str, remedy: str) -> ModelT:
    """Read a TOML file of settings, every fault of it told with what its keys may be."""
    try:
        return model(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        problem, check = f"{what} cannot be read", f"Check the path: {error.strerror}."
        raise InputError.of(path, problem, check) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError.of(path, f"{what} cannot be read", f"{error}.") from error
    except ValidationError as error:
        faults = []
        for one in error.errors():
            subject, problem = ".".join(map(str, one["loc"])), one["msg"]
            is_unknown = one["type"] == "extra_forbidden"
            like = nearest(str(one["loc"][-1]), model.model_fields) if is_unknown else None
            if is_unknown:
                problem = f'unknown key "{one["loc"][-1]}"'
            said = problem.removeprefix("Value error, ")
            mend = remedy if like is None else f'Did you mean "{like}"?'
            faults.append(Fault(str(path), 0, subject, said, mend))
        raise InputError(faults) from error


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell."""

    text: str  # what is wrong, with the offending value
    remedy: str  # what to do about it


class FaultList:
    """The faults of one pass over the files of an authority, in the order they were found."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, file: str, row: int, subject: str, problem: Problem) -> None:
        self._faults.append(Fault(file, row, subject, problem.text, problem.remedy))

    def extend(self, faults: Iterable[Fault]) -> None:
        self._faults.extend(faults)

    def raise_any(self) -> None:
        if self._faults:
            raise InputError(self._faults)


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    """Give the remedy for a name that does not exist."""
    known = list(names)
    for one in known:
        if (one != name and unmangled(one) == name) or unmangled(name) == one:
            garbled, right = (one, name) if unmangled(one) == name else (name, one)
            return (
                f'"{garbled}" is "{right}" read in the wrong encoding: save that file as UTF-8, '
                f'or write encoding = "utf-8" where authority.toml names it.'
            )
    like = nearest(name, known)
    return f'Did you mean "{like}"?' if like is not None else otherwise


def listed(names: Iterable[str], most: int = N_NAMED) -> str:
    """Give the first names in words, and the number of the rest.

    >>> listed(["A", "B"])
    'A, B'
    >>> listed("ABCDEFG")
    'A, B, C, D, E and 2 more'
    """
    all_names = list(names)
    rest = len(all_names) - most
    return ", ".join(all_names[:most]) + (f" and {rest} more" if rest > 0 else "")


def has_decimal_comma(text: str) -> bool:
    """Tell whether a comma can only be that of a fraction, as other countries write it."""
    return bool(_DECIMAL_COMMA.fullmatch(text)) and not _THOUSANDS.fullmatch(text)


def number_of(text: str) -> float | Problem:
    """Read a number; thousands commas or spaces are allowed, and a comma that can only be decimal.

    >>> [number_of(text) for text in ("1,412", "1\u00a0412", "1 412,5", "7,5")]
    [1412.0, 1412.0, 1412.5, 7.5]
    """
    plain = re.sub(r"\s", "", text) if _SPACED.fullmatch(text) else text
    is_decimal = has_decimal_comma(plain)
    plain = plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain
    plain = plain.replace(",", ".") if is_decimal else plain
    value = float(plain) if _NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        return Problem(f'"{text}" is not a number', "Write it in figures.")
    return value


def reader_of(cells: Iterable[str]) -> Callable[[str], float | Problem]:
    """Give what reads a column of fractions: one comma that can only be decimal makes all so.

    >>> [reader_of(["1,5", "7,125"])(text) for text in ("7,125", "7")]
    [7.125, 7.0]
    """
    is_decimal = any(has_decimal_comma(text) for text in cells)

    def read(text: str) -> float | Problem:
        if not _COULD_BE_EITHER.fullmatch(text):
            return number_of(text)
        if is_decimal:
            return float(text.replace(",", "."))
        problem = f'"{text}" may be {text.replace(",", ".")} or {text.replace(",", "")}'
        return Problem(problem, "Write fractions with a point, and thousands without a comma.")

    return read


SHORTENED = "A spreadsheet has shortened it: format its column as a whole number, and save again."


def is_shortened(text: str) -> bool:
    """Tell whether a number is written in powers of ten, as narrow columns are saved."""
    return "e" in text.lower() and bool(_NUMBER.fullmatch(text))


def urn_of(text: str) -> int | Problem:
    """Read a unique reference number; spreadsheets' "121130.0" is allowed."""
    if not text:
        return Problem("the URN is blank", "Give the school's URN, or remove the row.")
    whole = re.fullmatch(r"(\d{1,9})(\.0+)?", text)
    if whole is not None and int(whole[1]) > 0:
        return int(whole[1])
    remedy = "A URN is a whole number of up to 9 digits."
    return Problem(f'"{text}" is not a URN', SHORTENED if is_shortened(text) else remedy)


FORMULA_FAILED = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!")
)


def name_of(text: str) -> str | Problem:
    """Read a name that pages, maps and folders have room for."""
    if text in FORMULA_FAILED:
        return Problem(
            f'"{text}" is no name: a spreadsheet writes it where a formula failed',
            "Put in the name.",
        )
    if len(text) <= MOST_NAME:
        return text
    return Problem(
        f'the name "{shortened(text)}" has {len(text):,} letters, {MOST_NAME} at most can be shown',
        "Shorten it.",
    )


def shortened(text: str) -> str:
    """Give the beginning of a text that is too long to be repeated."""
    return text if len(text) <= MOST_REPEATED else f"{text[:MOST_REPEATED]}..."


def as_text(values: pd.Series) -> pd.Series:
    return pd.Series([_as_text(v) for v in values], index=values.index, dtype=object)


def _as_text(value: object) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_cells(
    cells: pd.Series,
    read: Callable[[str], ValueT | Problem],
    *,
    file: str,
    subjects: Mapping[int, str],
    faults: FaultList,
) -> dict[int, ValueT]:
    """Read every cell of a column, gathering faults."""
    values: dict[int, ValueT] = {}
    for row, text in zip(cells.index.tolist(), cells.tolist(), strict=True):
        value = read(text)
        if isinstance(value, Problem):
            faults.add(file, row, subjects.get(row, ""), value)
        else:
            values[row] = value
    return values


def repeated(
    values: dict[int, ValueT],
    describe: Callable[[ValueT], tuple[str, Problem]],
    *,
    file: str,
    faults: FaultList,
) -> dict[int, ValueT]:
    """Report every value that stands on an earlier row too."""
    first: dict[ValueT, int] = {}
    for row, value in values.items():
        if value not in first:
            first[value] = row
            continue
        subject, problem = describe(value)
        text = problem.text.replace("{first}", str(first[value]))
        faults.add(file, row, subject, Problem(text, problem.remedy))
    return {row: value for value, row in first.items()}


def urn_twice(urn: int) -> tuple[str, Problem]:
    text = f"URN {urn} stands on row {{first}} already"
    return f"URN {urn}", Problem(text, "Keep one of the two rows, or correct the URN.")


def heading(name: str, columns: Iterable[str]) -> str:
    """Give the heading of a column, in whatever capitals where no other is like it."""
    headings = [str(column) for column in columns]
    like = [one for one in headings if one.casefold() == name.casefold()]
    return like[0] if len(like) == 1 and name not in headings else name


def headed(table: TableT, names: Iterable[str]) -> TableT:
    """Give a table with its headings in the letters that they are asked for in."""
    columns = {heading(name, table.cells.columns): name for name in names}
    return replace(table, cells=table.cells.rename(columns=columns))


def having(table: TableT | None, names: Iterable[str], faults: FaultList) -> TableT | None:
    """Give a table that was read and has some columns; report those that it lacks."""
    if table is None:
        return None
    names = list(names)
    table = headed(table, names)
    held, file = table.cells.columns, table.file
    found = [require_column(one, held, file=file, how_to_map="", faults=faults) for one in names]
    return table if all(found) else None


def require_column(
    name: str,
    columns: Iterable[str],
    *,
    file: str,
    how_to_map: str,
    faults: FaultList,
    row: int = 1,
) -> bool:
    """Report a column that is not there, with the nearest that is."""
    present = [str(column) for column in columns]
    if name in present:
        return True
    like = nearest(name, present)
    if like is None:
        remedy = f"Add it; the columns are {listed(present)}."
    elif how_to_map:
        remedy = f'Did you mean "{like}"? Then write {how_to_map.replace("{like}", like)}.'
    else:
        remedy = f'Did you mean "{like}"? Then rename it to "{name}".'
    faults.add(file, row, f'column "{name}"', Problem(f'there is no column "{name}"', remedy))
    return False
