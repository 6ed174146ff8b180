"""What a scenario states in vain: exceptions, terms, links and barriers that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.findings import IDLE_TERM, Finding
from cluster_optimiser.geography.adjacency import idle_and_useful
from cluster_optimiser.geography.territory import in_full
from cluster_optimiser.terms import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx as nx

    from cluster_optimiser.scenario import Scenario

PAIR = " - "
"""Between the names of two areas."""


def idle_exceptions(scenario: Scenario) -> Iterator[Finding]:
    """Tell of exceptions that are named where none is allowed."""
    names = scenario.named_in_vain
    if names:
        yield Finding(
            "named-in-vain",
            "warning",
            scenario.option,
            f"{scenario.option} names exceptions ({in_full(list(names))}) and allows none",
            "They are held to the minimum.",
            f"Write max_exceptions = {len(names)} under [size], or remove exceptions.",
            brief=scenario.option,
        )


def idle_terms(scenario: Scenario) -> Iterator[Finding]:
    """Tell of terms that a scenario asks for and gives nothing to go by."""
    for term in map(lookup, scenario.asked_terms):
        said = f'{scenario.option} asks for "{term.name}" and'
        if term.most == "target" and not scenario.size.has_target:
            yield Finding(
                IDLE_TERM,
                "warning",
                scenario.option,
                f"{said} states no size to aim at",
                f"It is measured from {scenario.size.target:,} pupils, the middle of a range "
                "without a maximum.",
                "Write target_pupils, or max_pupils, under [size].",
                brief=scenario.option,
            )
        if term.layers == "preferred" and not scenario.preferred_layers:
            yield Finding(
                IDLE_TERM,
                "warning",
                scenario.option,
                f"{said} prefers no layer that it could count",
                "It is 0 for every plan.",
                'Write <layer> = "prefer" under [alignment].',
                brief=scenario.option,
            )


def idle_pairs(scenario: Scenario, graph: nx.Graph) -> Iterator[Finding]:
    """Tell of barriers between no neighbours and links between neighbours, in a graph of neither.

    Where clusters are divided both hold between schools, and may be of use there; where drives
    make neighbours, borders do not tell what a link joins.
    """
    if scenario.divides or scenario.contiguity.goes_by_drives:
        return
    said = {"barrier": "parts none: they are no", "link": "adds none: without it they are"}
    for kind, (idle, _) in idle_and_useful(graph, scenario.contiguity).items():
        for a, b in idle:
            yield Finding(
                "idle-pair",
                "note",
                f"{a}{PAIR}{b}",
                f"the {kind} {a}{PAIR}{b} {said[kind]} neighbours",
                "It changes nothing.",
                "Name another pair if one is meant, or remove it.",
            )
