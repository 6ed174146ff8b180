"""Geography: cells and units, the dual graph, layers and alignment, travel minutes."""

from cluster_optimiser.geography.territory import build_territory
from cluster_optimiser.geography.units import build_problem

__all__ = ["build_problem", "build_territory"]
