"""Docstrings agree with the objects they stand on, dataclasses and scenario tables included.

The checks on the source (`make lint`) cannot see the parameters of a dataclass; here they are
asked of the objects themselves.
"""

import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass
from types import FunctionType
from typing import get_args

import pytest
from numpydoc.validate import validate
from pydantic import BaseModel

import cluster_optimiser

PARAMETER_CHECKS = {"PR01", "PR02", "PR03"}


def public_objects() -> dict[str, type | FunctionType]:
    """Give every public class and function of the package under the module that defines it."""
    names = ["cluster_optimiser"] + [
        info.name
        for info in pkgutil.walk_packages(cluster_optimiser.__path__, "cluster_optimiser.")
        if not info.name.rpartition(".")[2].startswith("_")
    ]
    return {
        f"{name}.{key}": value
        for name in names
        for key, value in vars(importlib.import_module(name)).items()
        if isinstance(value, type | FunctionType)
        and value.__module__ == name
        and not key.startswith("_")
    }


OBJECTS = public_objects()
DOCUMENTED = sorted(
    name for name, item in OBJECTS.items() if is_dataclass(item) or inspect.isfunction(item)
)
TABLES = sorted(
    name for name, item in OBJECTS.items() if inspect.isclass(item) and issubclass(item, BaseModel)
)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_docstring_names_the_parameters(name: str) -> None:
    faults = [text for code, text in validate(name)["errors"] if code in PARAMETER_CHECKS]
    assert faults == []


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_a_scenario_table_is_described(name: str) -> None:
    """The description is what `schema` prints and editors show."""
    table = OBJECTS[name]
    assert issubclass(table, BaseModel)
    bare = [
        key
        for key, field in table.model_fields.items()
        if not field.description and not holds_table(field.annotation)
    ]
    assert bare == []


def holds_table(annotation: object) -> bool:
    """Tell whether a field is made of tables, which are described themselves."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return True
    return any(holds_table(part) for part in get_args(annotation))


def test_the_objects_are_found() -> None:
    """Otherwise the tests above would pass on nothing."""
    assert "cluster_optimiser.domain.Plan" in DOCUMENTED
    assert "cluster_optimiser.scenario.schema.Scenario" in TABLES
