"""What outsiders call is documented in full, and every key of a scenario table is described.

What stays inside has a sentence only where its name does not say enough.
"""

import importlib
import inspect
import pkgutil
from typing import get_args

import pytest
from numpydoc.validate import validate
from pydantic import BaseModel

import cluster_optimiser
from cluster_optimiser.scenario.schema import described

FULL = {
    "GL01",  # text starts on the line of the quotes or on the next
    "GL03",  # no double blank lines
    "GL05",  # no tabs
    "GL06",  # known sections only
    "GL07",  # in their order
    "SS01",  # there is a summary
    "SS02",  # that starts with a capital
    "SS03",  # ends with a full stop
    "SS04",  # has no leading spaces
    "SS06",  # and fits on one line
    "PR01",  # every parameter is documented
    "PR02",  # and no other
    "PR03",  # in the order of the signature
    "PR07",  # has a description
    "PR08",  # that starts with a capital
    "PR09",  # and ends with a full stop
    "YD01",  # generators say what they yield
}


@pytest.mark.parametrize("name", cluster_optimiser.__all__)
def test_what_outsiders_call_is_documented_in_full(name: str) -> None:
    home = getattr(cluster_optimiser, name).__module__
    faults = [text for code, text in validate(f"{home}.{name}")["errors"] if code in FULL]
    assert faults == []


def tables() -> dict[str, type[BaseModel]]:
    """Give every table of the scenario file under its name."""
    package = importlib.import_module("cluster_optimiser.scenario")
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {
        key: item
        for module in modules
        for key, item in vars(module).items()
        if inspect.isclass(item)
        and issubclass(item, BaseModel)
        and item.__module__ == module.__name__
    }


TABLES = tables()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_key_of_a_scenario_table_is_described(name: str) -> None:
    """The description is what `schema` prints and editors show."""
    bare = [
        key
        for key, field in described(TABLES[name]).model_fields.items()
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
    assert "Scenario" in TABLES
