"""Data of a scenario changed: by a file that extends it, or by keys given in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.scenario.faults import keys_of
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in tables where the second is silent; its lists and values replace."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    # An order replaces inherited weights and the other way round: they exclude each other.
    for one, other in (("order", "weights"), ("weights", "order")):
        if one in over and other not in over:
            merged.pop(other, None)
    return merged


def changes_of(model: type[BaseModel], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put changes into the shape of a scenario file: a bare key goes where the only one is."""
    dotted = keys_of(model)
    made: dict[str, Any] = {}
    faults = []
    for name, value in changes.items():
        key = name.replace("__", ".")
        homes = [full for full in dotted if full == key or full.endswith(f".{key}")]
        if "." not in key and key not in model.model_fields and len(homes) == 1:
            key = homes[0]
        elif "." not in key and key not in model.model_fields:
            like = nearest(key, {full.rpartition(".")[2] for full in dotted})
            wanted = " or ".join(f"{full.replace('.', '__')}=..." for full in homes)
            remedy = f"Write {wanted}." if homes else f'Did you mean "{like}"?'
            problem = f'"{name}" stands in several tables' if homes else f'unknown key "{name}"'
            faults.append(Fault("scenario", 0, name, problem, remedy if homes or like else ""))
            continue
        part: Any = value
        for table in reversed(key.split(".")):
            part = {table: part}
        made = merge(made, part)
    if faults:
        raise ScenarioError(faults)
    return made
