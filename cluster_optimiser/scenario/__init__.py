"""The scenario file: its schema, inheritance, and the reading that gathers every fault."""

from cluster_optimiser.scenario.money import Funding, FundingPart
from cluster_optimiser.scenario.positions import locate, locating
from cluster_optimiser.scenario.projection import TODAY, Growth, Projection, Spread
from cluster_optimiser.scenario.reading import (
    authority_folder,
    is_scenario,
    load_scenario,
    load_scenarios,
    option_of,
    parse_scenario,
    scenario_from,
    written,
)
from cluster_optimiser.scenario.schema import Scenario, described, json_schema
from cluster_optimiser.scenario.tables import (
    Contiguity,
    Count,
    Exempt,
    Governance,
    Levels,
    Objective,
    Pins,
    Redraw,
    Secondary,
    Size,
    TravelLimit,
    Urban,
    Versions,
)
from cluster_optimiser.scenario.words import nearest

__all__ = [
    "TODAY",
    "Contiguity",
    "Count",
    "Exempt",
    "Funding",
    "FundingPart",
    "Governance",
    "Growth",
    "Levels",
    "Objective",
    "Pins",
    "Projection",
    "Redraw",
    "Scenario",
    "Secondary",
    "Size",
    "Spread",
    "TravelLimit",
    "Urban",
    "Versions",
    "authority_folder",
    "described",
    "is_scenario",
    "json_schema",
    "load_scenario",
    "load_scenarios",
    "locate",
    "locating",
    "nearest",
    "option_of",
    "parse_scenario",
    "scenario_from",
    "written",
]
