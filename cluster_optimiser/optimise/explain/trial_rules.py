"""Rules of a scenario as a trial changes and applies them: pins, exceptions, pieces of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.optimise.candidates import reached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_optimiser.scenario import Scenario


def sets_in_reach(unit: int, adjacency: Sequence[int], near: Sequence[int]) -> Iterator[int]:
    """Enumerate the connected sets with a unit of which some school is near all their units."""
    bit = 1 << unit
    stack = [(bit, adjacency[unit] & ~bit, bit, near[unit])]
    while stack:
        chosen, frontier, seen, places = stack.pop()
        if not places:
            continue
        yield chosen
        while frontier:
            step = frontier & -frontier
            i = step.bit_length() - 1
            frontier ^= step
            seen |= step
            fresh = adjacency[i] & ~seen & ~frontier
            # What is in the frontier may still be taken by this branch, what was before it may not.
            stack.append((chosen | step, frontier | fresh, seen, places & near[i]))


def components(adjacency: Sequence[int]) -> list[int]:
    """Give the connected pieces of a graph.

    >>> components([0b010, 0b001, 0b000])
    [3, 4]
    """
    pieces, left = [], (1 << len(adjacency)) - 1
    while left:
        piece, _ = reached(left & -left, 0, adjacency, [0] * len(adjacency))
        pieces.append(piece)
        left &= ~piece
    return pieces


def with_table(scenario: Scenario, name: str, table: object) -> Scenario:
    return scenario.model_copy(update={name: table})


def with_values(scenario: Scenario, values: Mapping[str, object]) -> Scenario:
    """Give a scenario with the values of some dotted keys, or of whole tables, replaced."""
    for key, value in values.items():
        table, _, name = key.partition(".")
        held = value
        if name:
            whole = scenario.at(table)
            one = {name: value}
            held = {**whole, **one} if isinstance(whole, dict) else whole.model_copy(update=one)
        scenario = with_table(scenario, table, held)
    return scenario
