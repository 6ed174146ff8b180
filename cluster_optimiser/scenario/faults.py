"""What pydantic finds wrong with data, as faults that a person can mend."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cluster_optimiser.errors import Fault
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

TEXTS, LISTS = ("str", "literal["), "tuple["
"""How the names begin that pydantic gives to the two forms of a value that is a text or a list."""

SHAPES = {
    "string_type": "Write a text in quotation marks.",
    "tuple_type": "Write a list in square brackets.",
    "dict_type": "Write a table of keys and values.",
    "model_type": "Write a table of keys and values.",
    "truth": "Write a number in figures.",
    "finite_number": "Write a finite number, or leave the key out where there is no limit.",
    "too_short": "Write at least {min_length} into it.",
    "too_long": "Write no more than {max_length} into it.",
    "string_too_short": "Write a text: it may not be empty.",
}
"""Kind of fault -> what to write, where pydantic would speak of Python."""


MOST_SHOWN = 80
"""Letters of a value that a message repeats."""


def table_at(root: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Give the table that holds the last key of a location, to offer its right names."""
    table: type[BaseModel] | None = root
    keys = iter(key for key in location[:-1] if not isinstance(key, int))
    for key in keys:
        info = table.model_fields.get(key) if table else None
        table = model_in(info.annotation) if info else None
        if info and get_origin(info.annotation) is dict:
            next(keys, None)  # a name that its author chose
    return table


def model_in(annotation: object) -> type[BaseModel] | None:
    """Give the table that a field holds, also where it may be missing or there are several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)


def keys_of(model: type[BaseModel], above: str = "") -> dict[str, type[BaseModel]]:
    """Give the dotted key of each value of a scenario and its tables, and the table it is in.

    Lists of tables, and tables by name, are values.
    """
    found: dict[str, type[BaseModel]] = {}
    for name, info in model.model_fields.items():
        is_one = get_origin(info.annotation) in {None, Union, UnionType}
        inner = model_in(info.annotation) if is_one else None
        found |= {f"{above}{name}": model} if inner is None else keys_of(inner, f"{above}{name}.")
    return found


def _unknown(key: str, table: type[BaseModel] | None, root: type[BaseModel]) -> str:
    """Say what to do with a key that a table does not have: another table may have it."""
    like = nearest(key, table.model_fields) if table else None
    homes = [full.rpartition(".")[0] for full in keys_of(root) if full.rpartition(".")[2] == key]
    if homes and not (like and key in like):
        where = " or ".join(f"[{home}]" if home else "the file, above all tables" for home in homes)
        return f"It is a key of {where}: write it there."
    return f'Did you mean "{like}"?' if like else "Remove it, or see `schema` for the keys."


def _fault_of(detail: ErrorDetails, root: type[BaseModel], file: str) -> Fault:
    location = tuple(part for part in detail["loc"] if not _is_branch(part))
    # People count from 1, here as in the data.
    subject = ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)
    message, given = detail["msg"], detail["input"]
    if detail["type"] == "extra_forbidden":
        key = str(location[-1])
        remedy = _unknown(key, table_at(root, location), root)
        return Fault(file, 0, subject, f'unknown key "{key}"', remedy)
    if detail["type"] == "missing" and isinstance(location[-1], int):
        return Fault(file, 0, subject, "it is missing", "Give two names.")
    if detail["type"] == "missing":
        return Fault(file, 0, subject, "it is missing", f"Add {location[-1]} = ....")
    if detail["type"] == "refused":
        subject = ".".join(filter(None, [subject, detail["ctx"]["key"]]))
        return Fault(file, 0, subject, message, detail["ctx"]["remedy"])
    remedy = SHAPES.get(detail["type"], "").format_map(detail.get("ctx", {})) or f"{message}."
    if len(location) < len(detail["loc"]) and detail["type"] == "tuple_type":
        remedy = "Write a text in quotation marks, or a list in square brackets."
    if detail["type"] == "tuple_type" and isinstance(given, dict):
        remedy = f"Write [[{subject}]], in two pairs of brackets."
    if detail["type"] == "string_pattern_mismatch":
        table = table_at(root, location)
        field = table.model_fields.get(str(location[-1])) if table else None
        remedy = (field and field.description) or remedy
    shown = str(given).lower() if isinstance(given, bool) else repr(given)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."
    return Fault(file, 0, subject, f"{shown} is not allowed", remedy)


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in TEXTS or part.startswith((TEXTS[1], LISTS)))


def _is_told(detail: ErrorDetails, others: Sequence[tuple[int | str, ...]]) -> bool:
    """Tell whether a fault is what its author has to mend.

    Of a text or a list, the form that was not meant is no fault of theirs; nor is that a list is
    too short, where it is so because something in it was not understood.
    """
    *above, last = detail["loc"] or ("",)
    is_text = isinstance(detail["input"], str)
    if last == TEXTS[0] or (str(last).startswith(TEXTS[1]) and not is_text):
        return False
    if str(last).startswith(LISTS) and is_text:
        is_choice = any(
            loc[:-1] == tuple(above) and str(loc[-1]).startswith(TEXTS[1]) for loc in others
        )
        return not is_choice
    within = [loc for loc in others if loc[: len(detail["loc"])] == detail["loc"]]
    return detail["type"] != "too_short" or len(within) == 1


def faults_of(error: ValidationError, root: type[BaseModel], file: str) -> list[Fault]:
    """Give the faults of data that was checked against a table."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [_fault_of(d, root, file) for d in details if _is_told(d, places)]
