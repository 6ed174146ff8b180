"""What pydantic finds wrong with data, as faults that a person can mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cluster_optimiser.errors import Fault
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

UNION_BRANCHES = ("str", "tuple[str, ...]")
"""Names that pydantic gives to the two forms of a value that is a text or a list of texts; what is
wrong is told of the list."""

SHAPES = {
    "string_type": "Write a text in quotation marks.",
    "tuple_type": "Write a list in square brackets.",
    "dict_type": "Write a table of keys and values.",
    "model_type": "Write a table of keys and values.",
    "truth": "Write a number in figures.",
    "finite_number": "Write a finite number, or leave the key out where there is no limit.",
}
"""Kind of fault -> what to write, where pydantic would speak of Python."""


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


def _fault_of(detail: ErrorDetails, root: type[BaseModel], file: str) -> Fault:
    location = tuple(part for part in detail["loc"] if part not in UNION_BRANCHES)
    # People count from 1, here as in the data.
    subject = ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)
    message, given = detail["msg"], detail["input"]
    if detail["type"] == "extra_forbidden":
        table = table_at(root, location)
        like = nearest(str(location[-1]), table.model_fields) if table else None
        remedy = f'Did you mean "{like}"?' if like else "Remove it, or see `schema` for the keys."
        return Fault(file, 0, subject, f'unknown key "{location[-1]}"', remedy)
    if detail["type"] == "missing" and isinstance(location[-1], int):
        return Fault(file, 0, subject, "it is missing", "Give two names.")
    if detail["type"] == "missing":
        return Fault(file, 0, subject, "it is missing", f"Add {location[-1]} = ....")
    if detail["type"] == "refused":
        subject = ".".join(filter(None, [subject, detail["ctx"]["key"]]))
        return Fault(file, 0, subject, message, detail["ctx"]["remedy"])
    remedy = SHAPES.get(detail["type"], f"{message}.")
    if detail["type"] == "string_pattern_mismatch":
        table = table_at(root, location)
        field = table.model_fields.get(str(location[-1])) if table else None
        remedy = (field and field.description) or remedy
    return Fault(file, 0, subject, f"{given!r} is not allowed", remedy)


def faults_of(error: ValidationError, root: type[BaseModel], file: str) -> list[Fault]:
    """Give the faults of data that was checked against a table."""
    details = error.errors(include_url=False)
    return [_fault_of(d, root, file) for d in details if d["loc"][-1:] != UNION_BRANCHES[:1]]
