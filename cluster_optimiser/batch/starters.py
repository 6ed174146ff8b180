"""Starter scenarios of a new authority: sizes from its data, each tried before it is written."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch.one import prepare, run_scenario
from cluster_optimiser.constants import APART_PHASES, SECONDARY_PHASES
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.candidates import connected_sets, unit_adjacency
from cluster_optimiser.optimise.universe.sweep import sweep
from cluster_optimiser.present.intake.files import starter_text
from cluster_optimiser.scenario import load_scenario
from cluster_optimiser.terms import usual_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from cluster_optimiser.batch.ground import Place
    from cluster_optimiser.domain import Plan, Problem

SPREADS = (0.15, 0.25, 0.35, 0.5, 0.65, 0.8)
"""Shares of the target by which clusters may be smaller or larger, the narrowest first."""

AREA_SPREADS = (0.15, 0.1, 0.05, 0.02, 0.01)
"""The same for areas, the widest first: few large ones are even in any case, and there are so many
ways to make them that a wide range may take long to prove."""

ENOUGH_PLANS = 10
"""Legal plans from which on a range leaves something to choose."""

MAX_GROUPS = 5_000
"""Candidate groups beyond which a proof may take longer than somebody new to it will wait."""

MAX_SETS = 100_000
"""Connected sets up to the largest size, beyond which to gather the groups would take long."""

FIXED_SHARE = 2 / 3
"""Clusters of option 3 as a share of today's, where the user names no number."""

STARTER_FILES = ("base.toml", "1.toml", "2.toml", "3.toml", "4.toml")

AREA_NUMBERS = (2, 3, 4, 5, 6)
"""Numbers of areas that are tried where the user names none."""

WIDE_SPREADS = (0.25, 0.35, 0.5)
"""The same where there are few pieces, of which even areas may not be made."""

FEW_PIECES = 12

DRAWN_AREAS = (4, 6, 3)
"""Numbers tried where areas are drawn instead; many small pieces are soonest proved in four."""

ROUND_PUPILS = 50

MIN_UNITS = 3
"""Clusters from which on merging has anything to choose."""

REDRAW_SPREAD = 0.35
"""Range of a redraw round its target: wide enough to be soon proved."""

REDRAW_SECONDS = 20.0
"""What somebody new will wait for it."""

MIN_NESTED = 4
"""Clusters from which on areas above them are offered."""


@dataclass(frozen=True, slots=True)
class Sizes:
    min_pupils: int
    max_pupils: int
    target_pupils: int  # the average that the number of clusters gives

    @classmethod
    def around(cls, target: float, spread: float) -> Sizes:
        low = math.floor(target * (1 - spread) / ROUND_PUPILS) * ROUND_PUPILS
        high = math.ceil(target * (1 + spread) / ROUND_PUPILS) * ROUND_PUPILS
        return cls(max(0, low), max(1, high), max(1, round(target)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Numbers that the user fixes."""

    n_clusters: int | None = None  # clusters of option 3; None for two thirds of today's
    n_areas: int | None = None  # areas of option 4; None for the fewest that can soon be proved


def differs(sizes: pd.Series) -> float:
    """Tell how far sizes differ: standard deviation over mean."""
    return float(sizes.astype(float).std() / sizes.mean())


def write_starters(place: Place, folder: Path, *, key: str, wanted: Wanted) -> tuple[str, ...]:
    return _Starters(place, folder, key, wanted).write()


class _Starters:
    """Makes the files one after the other; later ones build on what was found for earlier."""

    def __init__(self, place: Place, folder: Path, key: str, wanted: Wanted) -> None:
        self.place, self.folder, self.key, self.wanted = place, folder, key, wanted
        schools: pd.DataFrame = place.authority.schools
        self.schools = schools[~schools["phase"].isin(APART_PHASES)]
        self.units = self.schools.groupby("local_cluster")["pupils"].sum()
        self.pupils = int(self.units.sum())
        self.notes: list[str] = []
        self.hubs: list[int] = []  # where areas may meet, where that is at no secondary school
        self.has_secondary = bool(set(self.schools["phase"]).intersection(SECONDARY_PHASES))
        self.layers = [name for name, s in place.territory.layers.items() if len(s) > 1]
        self.notes += [
            f"The layer {name} has one area only, so no option asks for it."
            for name in place.territory.layers
            if name not in self.layers
        ]

    def write(self) -> tuple[str, ...]:
        self._put("base.toml", "base", self._base(longest_min="not known"))
        is_made = self.place.authority.is_made
        path = self._put(
            "1.toml",
            "keep",
            {"n_units": len(self.units), "is_made": is_made, "has_secondary": self.has_secondary},
        )
        longest = run_scenario(path, place=self.place).score.metrics["max_minutes"]
        if longest is not None:
            self._put("base.toml", "base", self._base(longest_min=f"{longest:.0f} minutes"))
        n_units = len(self.units)
        what = (
            f"the {n_units} clusters as they are" if n_units > 1 else "all schools in one cluster"
        )
        self.notes.append(f"Option 1 leaves {what}.")
        if not self.pupils:
            text = (
                "No roll is known, so no size can be asked for: only option 1. Give --pupils FILE."
            )
            self.notes.append(text)
            return tuple(self.notes)
        if not self.has_secondary:
            self.notes.append(
                f"No secondary school is among the {len(self.schools)} schools: the options put"
                " together schools near to each other. Give the register with them, or the"
                " council's own clusters: --clusters FILE."
            )
        if len(self.units) < MIN_UNITS:
            self.notes.append("With so few clusters there is nothing to merge: only option 1.")
            return tuple(self.notes)
        self._merge()
        n = self.wanted.n_clusters or max(2, round(FIXED_SHARE * len(self.units)))
        third = self._fixed(n) or self._redraw(n)
        if third is not None and n >= MIN_NESTED:
            self._areas(n, third)
        return tuple(self.notes)

    def _base(self, *, longest_min: str) -> dict[str, object]:
        phases = set(self.place.authority.schools["phase"])
        return {
            "name": self.place.authority.name,
            "key": self.key,
            "has_secondary": self.has_secondary,
            "longest_min": longest_min,
            "layers": self.layers,
            "exempt_phases": [phase for phase in APART_PHASES if phase in phases],
        }

    def _order(self, first: str) -> list[str]:
        return [*usual_order(first, self.layers)]

    def _merge(self) -> None:
        n = max(2, round(len(self.units) / 2))
        values = {
            "n_units": len(self.units),
            "n_target": n,
            "smallest": int(self.units.min()),
            "largest": int(self.units.max()),
            "order": self._order("fewest"),
        }
        sized = self._first_of_use("2.toml", "merge", values | {"is_even": True}, n)
        if sized is None:
            self._leave_out("2", n)
            return
        made = run_scenario(self.folder / "2.toml", place=self.place).score.clusters
        if differs(made.loc[~made["is_exempt"].astype(bool), "pupils"]) >= differs(self.units):
            self._put("2.toml", "merge", sized | {"is_even": False})
            self.notes.append(
                "Its sizes differ no less than those of option 1: it has fewer clusters."
            )

    def _fixed(self, n: int) -> Plan | None:
        order = self._order("fitting")
        if self._first_of_use("3.toml", "fixed", {"n": n, "order": order}, n) is None:
            return None
        made = run_scenario(self.folder / "3.toml", place=self.place)
        if not self.has_secondary:
            self.hubs = sorted(made.score.clusters["meeting_place_urn"].dropna().astype(int))
        return made.plan

    def _redraw(self, n: int) -> Plan | None:
        """Draw option 3 from single schools, where clusters kept whole do not serve."""
        n_hubs = int(self.schools["phase"].isin(SECONDARY_PHASES).sum())
        sized = self._sized({"n": n, "order": self._order("near")}, n, REDRAW_SPREAD)
        path, plan = self._put("3.toml", "redraw", sized), None
        if n <= n_hubs:
            with suppress(NoPlanFoundError, InfeasibleError):
                plan = run_scenario(path, place=self.place, time_limit_s=REDRAW_SECONDS).plan
        if plan is None:
            path.unlink()
            self._leave_out("3", n)
            return None
        sizes = sized["sizes"]
        is_proved = plan.solution.status == "OPTIMAL"
        how = "proved best" if is_proved else f"not proved best within {REDRAW_SECONDS:g} s"
        self.notes.append(
            f"Option 3: {sizes.min_pupils:,} to {sizes.max_pupils:,} pupils, drawn from single"
            f" schools as no {n} clusters of whole ones are soon proved: {how}."
        )
        return plan

    def _areas(self, n_parent: int, parent: Plan) -> None:
        wanted = self.wanted.n_areas
        numbers = [n for n in AREA_NUMBERS if n < n_parent] if wanted is None else [wanted]
        values = {"n_parent": n_parent, "order": self._order("even"), "is_drawn": False}
        can = bool(numbers) and self._can_be_counted(values, max(numbers), parent)
        spreads = (AREA_SPREADS, WIDE_SPREADS) if n_parent <= FEW_PIECES else (AREA_SPREADS,)
        for n, own in ((n, own) for own in spreads for n in numbers if can and n < n_parent):
            named = values | {"n": n}
            if self._first_of_use("4.toml", "areas", named, n, parent=parent, spreads=own):
                return
        drawn = DRAWN_AREAS if wanted is None else (wanted,)
        if any(self._drawn(n, n_parent, parent) for n in drawn if n < n_parent):
            return
        tried = " or ".join(str(n) for n in sorted({*numbers, *drawn}) if n < n_parent)
        self.notes.append(
            f"Option 4 was left out: for {tried} areas no range of sizes that was tried has a plan"
            " that is soon proved. To try another number: --areas N."
        )

    def _can_be_counted(self, values: dict[str, object], n: int, parent: Plan) -> bool:
        """Tell whether the smallest areas are small enough: larger ones have ever more ways."""
        path = self._put("4.toml", "areas", self._sized(values | {"n": n}, n, AREA_SPREADS[-1]))
        found = self._sets_within(prepare(load_scenario(path), place=self.place, parent=parent))
        path.unlink()
        return found

    def _drawn(self, n: int, n_parent: int, parent: Plan) -> bool:
        """Draw areas round secondary schools, where there are too many ways to merge clusters."""
        order = self._order("near")
        values = {"n": n, "n_parent": n_parent, "order": order, "is_drawn": True, "hubs": self.hubs}
        sized = self._sized(values, n, AREA_SPREADS[0])
        path, plan = self._put("4.toml", "areas", sized), None
        with suppress(NoPlanFoundError, InfeasibleError):
            plan = run_scenario(
                path, place=self.place, parent=parent, time_limit_s=REDRAW_SECONDS
            ).plan
        if plan is None or plan.solution.status != "OPTIMAL":
            path.unlink()
            return False
        sizes = sized["sizes"]
        self.notes.append(
            f"Option 4: {sizes.min_pupils:,} to {sizes.max_pupils:,} pupils, {n} areas drawn from"
            " the clusters of option 3, which there are too many ways to merge: proved best."
        )
        return True

    def _first_of_use(
        self,
        file: str,
        which: str,
        values: dict[str, object],
        n: int,
        *,
        parent: Plan | None = None,
        spreads: Sequence[float] = SPREADS,
    ) -> dict[str, Any] | None:
        """Write the scenario with the first range of sizes that leaves something to choose.

        Gives its values, or None where no range will do.
        """
        label, best = file.removesuffix(".toml"), (0, 0.0)
        for spread in spreads:
            self._put(file, which, self._sized(values, n, spread))
            n_plans = self._count(self.folder / file, parent)
            if n_plans is not None and n_plans > best[0]:
                best = (n_plans, spread)
            if best[0] >= ENOUGH_PLANS or (n_plans is None and parent is None):
                break
        if not best[0]:
            (self.folder / file).unlink()
            return None
        sized = self._sized(values, n, best[1])
        self._put(file, which, sized)
        sizes, share = sized["sizes"], round(100 * best[1])
        text = f"Option {label}: {sizes.min_pupils:,} to {sizes.max_pupils:,} pupils, {share} %"
        plans = "1 legal plan" if best[0] == 1 else f"{best[0]:,} legal plans"
        self.notes.append(f"{text} round {sizes.target_pupils:,}: {plans}.")
        return sized

    def _leave_out(self, label: str, n: int) -> None:
        text = f"Option {label} was left out: for {n} clusters no range of sizes that was tried"
        more = "" if label == "2" else " To try another number: --clusters N."
        self.notes.append(f"{text} has a plan that is soon proved.{more}")

    def _sized(self, values: dict[str, object], n: int, spread: float) -> dict[str, Any]:
        sizes = Sizes.around(self.pupils / n, spread)
        more = {"sizes": sizes, "pupils": self.pupils, "percent": round(100 * spread)}
        return {**values, **more}

    def _count(self, path: Path, parent: Plan | None) -> int | None:
        """Count the legal plans of a scenario; None where a proof would take long."""
        problem = prepare(load_scenario(path), place=self.place, parent=parent)
        if not self._sets_within(problem):
            return None
        found = sweep(problem, candidate_groups(problem), [])
        return None if found is None else found.n_plans

    def _sets_within(self, problem: Problem) -> bool:
        """Tell whether there are few enough sets of units, and few enough of a size."""
        pupils = [int(p) for p in problem.units["pupils"]]
        beside, (least, highest) = unit_adjacency(problem), problem.scenario.size.ends
        for lowest, most in ((0, MAX_SETS), (least, MAX_GROUPS)):
            sets = connected_sets(beside, pupils, lowest=lowest, highest=highest)
            if sum(1 for _ in islice(sets, most + 1)) > most:
                return False
        return True

    def _put(self, file: str, which: str, values: dict[str, object]) -> Path:
        path = self.folder / file
        path.write_text(starter_text(which, values) + "\n", encoding="utf-8", newline="\n")
        return path
