"""The best plan of the whole map so far, told while its parts are being solved, and its names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.costs import are_largest
from cluster_optimiser.optimise.naming import assign_schools, cluster_names, numbered
from cluster_optimiser.optimise.redraw.legal import is_legal_plan
from cluster_optimiser.optimise.redraw.terms import stage_names, stage_scale, value_of
from cluster_optimiser.progress import Progress, are_plans_wanted, listener
from cluster_optimiser.terms import known_bound

if TYPE_CHECKING:
    import pandas as pd

    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround

Tell = Callable[[str, Sequence["Cluster"], "int | None"], None]
"""Stage, clusters of the best plan of a part so far, what none betters; in the stage's integers."""


def tell_nobody(_stage: str, _clusters: Sequence[Cluster], _bound: int | None) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class Telling:
    """What is known of each part; whoever listens hears of the whole map, never of a part."""

    ground: RedrawGround
    n_parts: int
    is_shaped: bool = False
    is_bounding: bool = True  # bounds hold for every plan, not only for those being looked through
    plans: dict[int, Sequence[Cluster]] = field(default_factory=dict)
    bounds: dict[tuple[int, str], int] = field(default_factory=dict)
    shown: Sequence[Cluster] = ()

    def of_part(self, part: int) -> Tell:
        def tell(stage: str, clusters: Sequence[Cluster], bound: int | None) -> None:
            if stage == stage_names(self.ground)[0] and not clusters:
                # What was proved of fewer clusters than there can be says nothing of more.
                self.bounds = {
                    k: v for k, v in self.bounds.items() if k[0] != part or k[1] == stage
                }
            if bound is not None and self.is_bounding:
                self.bounds[part, stage] = max(bound, self.bounds.get((part, stage), bound))
            if clusters:
                self.plans[part] = clusters
            self.tell()

        return tell

    def begin(self, plans: Sequence[Sequence[Cluster]], fewest: Sequence[int]) -> None:
        """Take each part's plan to begin with, and the number of clusters that it has at least."""
        first = stage_names(self.ground)[0]
        self.plans = {part: plan for part, plan in enumerate(plans) if plan}
        if known_bound(first) == "fewest":
            self.bounds = {(part, first): least for part, least in enumerate(fewest)}
        if self.plans:
            self.tell()

    def tell(self) -> None:
        """Say how far the first stage is that is not yet proved everywhere."""
        whole = [c for part in range(self.n_parts) for c in self.plans.get(part, ())]
        is_whole = len(self.plans) == self.n_parts and self._is_legal(whole)
        if is_whole and (not self.shown or self._values(whole) <= self._values(self.shown)):
            self.shown = whole
        is_loose = False
        for stage in stage_names(self.ground):
            scale = float(stage_scale(self.ground, stage))
            value = value_of(self.ground, stage, self.shown) if self.shown else None
            known = [self.bounds.get((part, stage)) for part in range(self.n_parts)]
            is_known = any(bound is not None for bound in known) and not is_loose
            is_largest = are_largest([stage])[0]
            gather = max if is_largest else sum
            bound = gather(bound or 0 for bound in known) if is_known else None
            if value is None or bound is None or bound < value:
                break
            # A part that may have ways as long as the worst part's may have less of what follows.
            is_loose |= is_largest and self.n_parts > 1
        made = self._assignment() if self.shown and are_plans_wanted() else None
        listener()(
            Progress(
                stage,
                None if value is None else value / scale,
                None if bound is None else bound / scale,
                made,
            )
        )

    def _values(self, clusters: Sequence[Cluster]) -> tuple[int, ...]:
        return tuple(value_of(self.ground, name, clusters) for name in stage_names(self.ground))

    def _is_legal(self, clusters: Sequence[Cluster]) -> bool:
        scenario = self.ground.problem.scenario
        count, most_of = scenario.count, scenario.most_of
        return (
            bool(clusters)
            and count.allows(len(clusters))
            and all(value_of(self.ground, term, clusters) <= n for term, n in most_of.items())
            and is_legal_plan(self.ground, clusters, is_shaped=self.is_shaped)
        )

    def _assignment(self) -> pd.Series[str]:
        clusters = sorted(self.shown, key=sorted)
        names = redraw_names(self.ground, clusters)
        units = self.ground.units
        of_unit = {units[i]: n for n, c in zip(names, clusters, strict=True) for i in c}
        return assign_schools(self.ground.problem, of_unit)


def redraw_names(ground: RedrawGround, clusters: Sequence[Cluster]) -> list[str]:
    """Name each cluster, unique within the plan.

    A cluster that consists of whole clusters of today is named after them, as in a merge. Any other
    bears the name of today's cluster that its hub belongs to, with the hub's own name where
    several would be called the same. One made of areas where pupils live bears its hub's.
    """
    problem = ground.problem
    is_of_areas = problem.authority.has_areas
    schools = problem.authority.schools
    today = schools["local_cluster"].loc[problem.unit_of.index]
    n_today = Counter(today)
    merged = cluster_names(problem, [[ground.units[i] for i in sorted(c)] for c in clusters])
    names: list[tuple[str, str]] = []
    for cluster, as_merged in zip(clusters, merged, strict=True):
        units = {ground.units[i] for i in cluster}
        held = Counter(today[problem.unit_of.isin(units).to_numpy()])
        meeting = ground.meeting(cluster)
        if meeting is not None and is_of_areas:
            hub = schools.iloc[ground.hubs[meeting.number].position]
            names.append((str(hub["name"]), f"{hub['name']} ({hub['local_cluster']})"))
        elif all(n_today[name] == n for name, n in held.items()) or meeting is None:
            names.append((as_merged, as_merged))
        else:
            hub = schools.iloc[ground.hubs[meeting.number].position]
            names.append((str(hub["local_cluster"]), f"{hub['local_cluster']} ({hub['name']})"))
    times = Counter(short for short, _ in names)
    return numbered(short if times[short] == 1 else long for short, long in names)
