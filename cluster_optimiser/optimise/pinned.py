"""Units that rules name, as sets of bits: pins and exceptions, read once for all makers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_optimiser.geography.units import pinned_units

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario


def exceptable(problem: Problem, scenario: Scenario | None = None) -> int:
    """Give the units that a cluster under the minimum may be made of; none where none may be."""
    names = (scenario or problem.scenario).size.exceptable
    every = range(len(problem.units))
    return sum(1 << i for i in (every if names is None else pinned_units(problem, names)))


@dataclass(frozen=True, slots=True)
class Pinned:
    """The pins of a scenario, each with the number of its list."""

    together: tuple[tuple[int, int], ...]
    apart: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, problem: Problem, scenario: Scenario | None = None) -> Pinned:
        """Read those of a scenario, the problem's if not another."""
        pins = (scenario or problem.scenario).pins

        def mask(*names: str) -> int:
            return sum(1 << i for i in pinned_units(problem, names))

        # The units that one name of a pin means stay free to share a cluster with one another.
        return cls(
            tuple((k, mask(*names)) for k, names in enumerate(pins.together)),
            tuple(
                (k, mask(a), mask(b))
                for k, names in enumerate(pins.apart)
                for a, b in itertools.combinations(names, 2)
            ),
        )

    def divides(self, mask: int) -> bool:
        """Tell whether a set holds some of what is pinned together, and not all."""
        return any(pin & mask not in {0, pin} for _, pin in self.together)

    def kept(self, mask: int) -> bool:
        """Tell whether a set holds pinned units all or none, and no two that stay apart."""
        return not self.divides(mask) and not any(a & mask and b & mask for _, a, b in self.apart)

    def broken(self, mask: int) -> list[str]:
        """Give the pins that a set of units breaks, as names of rule families."""
        together = [f"pins.together[{k}]" for k, pin in self.together if pin & mask not in {0, pin}]
        apart = [f"pins.apart[{k}]" for k, a, b in self.apart if a & mask and b & mask]
        return [*together, *dict.fromkeys(apart)]
