"""How a plan stands if pupils change: every rule that depends on pupils, judged again.

Sizes, the meeting place and the ways to it, and the home areas of units are worked out anew from
the pupils of each projection; whether a cluster is in one piece, its secondary schools and its pins
do not depend on pupils.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.prospects import Outlook
from cluster_optimiser.rules import rule_of
from cluster_optimiser.verification.facts import (
    ClusterFacts,
    Meeting,
    Verification,
    alignment,
    hubs_among,
    meeting_places,
)
from cluster_optimiser.verification.register import PlainGround
from cluster_optimiser.verification.rules import (
    MINUTES_TOLERANCE_MIN,
    cluster_violations,
    small_violations,
)

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem, Violation


def outlook_of(problem: Problem, today: Verification) -> Outlook | None:
    """Judge a plan by its scenario's rules in every projection of pupils."""
    if not problem.projections:
        return None
    ground = PlainGround(problem)
    lasting = [v for v in today.violations if not rule_of(v.rule).by_pupils]
    ordinary = [facts for facts in today.clusters.values() if not facts.is_exempt]
    projected_pupils = pd.DataFrame({p.label: p.pupils for p in problem.projections})
    meetings = {
        facts.name: _meetings(ground, facts, projected_pupils)
        for facts in ordinary
        if _may_be_too_far(ground, facts)
    }
    torn = _units_of_several_areas(ground)
    then = copy.copy(ground)
    rows, pupils = [], {}
    for at, projected in enumerate(problem.projections):
        pupils_of = dict(
            zip(projected.pupils.index.tolist(), projected.pupils.tolist(), strict=True)
        )
        then.unit_home = _homes_then(ground, pupils_of, torn)
        changed = [
            _changed(facts, pupils_of, meetings[facts.name][at] if facts.name in meetings else None)
            for facts in ordinary
        ]
        broken = [*lasting, *_broken(then, changed)]
        n_pupils = [facts.pupils for facts in changed]
        rows.append(
            {
                "projection": projected.label,
                "series": projected.series,
                "year": projected.year,
                "is_draw": projected.is_draw,
                "pupils": sum(n_pupils),
                "is_legal": not broken,
                "n_outside": sum(not ground.least <= p <= ground.most for p in n_pupils),
                "broken": "; ".join(map(str, broken)),
            }
        )
        pupils[projected.label] = n_pupils
    names = pd.Index([facts.name for facts in ordinary], name="cluster")
    table = pd.DataFrame(rows).set_index("projection").astype({"year": "Int64"})
    return Outlook(
        projections=table,
        clusters=pd.DataFrame(pupils, index=names, columns=table.index),
        today=pd.Series([facts.pupils for facts in ordinary], index=names, name="pupils"),
    )


def n_not_legal(outlook: Outlook) -> int:
    return int((~outlook.projections["is_legal"].astype(bool)).sum())


def _units_of_several_areas(ground: PlainGround) -> dict[str, set[int]]:
    """Give the units with schools in several areas of a required layer, and their schools.

    Wherever the pupils of the others go to school, they are at home in the one area there is.
    """
    return {
        unit: urns
        for unit, urns in ground.unit_urns.items()
        for layer in ground.unit_home
        if len({ground.schools[urn].areas[layer] for urn in urns} - {None}) > 1
    }


def _homes_then(
    ground: PlainGround, pupils_of: dict[int, int], torn: dict[str, set[int]]
) -> dict[str, dict[str, str | None]]:
    """Give the homes of units in the required layers with the pupils of a projection."""
    layers = tuple(ground.unit_home)
    schools = ground.schools
    homes = {
        unit: alignment(layers, [(schools[urn].areas, pupils_of[urn]) for urn in urns])[0]
        for unit, urns in torn.items()
    }
    return {
        layer: ground.unit_home[layer] | {unit: home[layer] for unit, home in homes.items()}
        for layer in layers
    }


def _may_be_too_far(ground: PlainGround, facts: ClusterFacts) -> bool:
    """Tell whether some member school is too far from some other: else no meeting place is."""
    limit_min = ground.limit_min
    if limit_min is None:
        return False
    at = [ground.schools[urn].position for urn in facts.urns]
    ways = [float(ground.minutes[i, j]) for i in at for j in at]
    # A way that is not known fails the comparison, and is looked at.
    return not all(way <= limit_min + MINUTES_TOLERANCE_MIN for way in ways)


def _meetings(ground: PlainGround, facts: ClusterFacts, pupils: pd.DataFrame) -> list[Meeting]:
    """Give the meeting place of a cluster in each projection, a column of pupils."""
    schools = [ground.schools[urn] for urn in facts.urns]
    held = pupils.loc[list(facts.urns)].to_numpy(dtype=np.int64).T
    return meeting_places(ground, schools, hubs_among(ground, schools), held)


def _changed(
    facts: ClusterFacts, pupils_of: dict[int, int], meeting: Meeting | None
) -> ClusterFacts:
    changed = dataclasses.replace(facts, pupils=sum(pupils_of[urn] for urn in facts.urns))
    if meeting is None:
        return changed
    place, pupil_minutes, longest = meeting
    return dataclasses.replace(
        changed, meeting_place_urn=place, pupil_minutes=pupil_minutes, max_minutes=longest
    )


def _broken(then: PlainGround, clusters: list[ClusterFacts]) -> list[Violation]:
    broken = [
        violation
        for facts in clusters
        for violation in cluster_violations(then, facts)
        if rule_of(violation.rule).by_pupils
    ]
    return [*broken, *small_violations(then, clusters)]
