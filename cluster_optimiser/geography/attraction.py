"""Today's clusters where no file has them: schools gathered round secondary schools."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import SECONDARY_PHASES
from cluster_optimiser.domain import MADE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.arrays import Floats, Ints

TRANSFER_AGE = 11
"""Age at which schools outside three-tier areas hand over."""

YOUNGEST_TRANSFER = 8
"""Age at which the earliest schools above a first school begin."""

FIRST_ENDS = 9
"""Age to which a first school is taken to go on where no file says it."""

SCHOOLS_A_GROUP = 6
"""Schools of a group where no secondary school gathers them: as many as feed one in England."""

FAR_MIN = 1e4
"""What stands for the way to a school that none leads to."""

MOST_MOVES = 20
"""Times that middles of groups are moved."""

_GENERIC = re.compile(
    r"[\s,]+(the|school|academy|college|high|secondary|comprehensive|community|upper|sports"
    r"|science|specialist|technology|arts|language|primary|infants?|junior|first|and|a|an|of|for)$",
    re.IGNORECASE,
)

_COMPANY = re.compile(
    r"\s*(,|\(|\s[-\u2013]\s)\s*(an?|part of|sponsored by)?\s*[^,(]*"
    r"\b(share|trust|federation|multi[- ]academy|learning partnership)\b.*$",
    re.IGNORECASE,
)
"""What stands behind a school's name about who runs it, such as ", A Share Academy"."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Clusters made round secondary schools."""

    cluster: pd.Series  # index urn, the name of each school's cluster
    notes: tuple[str, ...]  # how they were made, in words, with counts


def gather_clusters(
    schools: pd.DataFrame, minutes: Floats, metres: Floats, *, join_within_m: float
) -> Gathered:
    """Put every school into the cluster of the secondary school it is nearest to by minutes.

    A middle school goes to the nearest school that takes pupils at the age it hands them over, a
    first school to the nearest middle school and with it; other primaries to the nearest secondary
    school that takes pupils at eleven or before; nurseries and special schools to the nearest.
    """
    phase = schools["phase"].to_numpy()
    hubs = np.flatnonzero(np.isin(phase, SECONDARY_PHASES))
    if not len(hubs):
        return _near_each_other(schools, minutes)
    site = _joined(hubs, metres, join_within_m)
    low, high = (schools[c].to_numpy(dtype=float, na_value=np.nan) for c in ("low_age", "high_age"))
    is_named_first = schools["name"].astype(str).str.contains(r"\bfirst school\b", case=False)
    high = np.where(np.isnan(high) & is_named_first.to_numpy(), FIRST_ENDS, high)
    takes_at_eleven = hubs[~(low[hubs] > TRANSFER_AGE)]
    targets: dict[int, int] = {int(hub): int(hub) for hub in hubs}
    middles = np.flatnonzero(phase == "middle")
    for i in middles:
        ready = hubs[~(low[hubs] > high[i])] if np.isfinite(high[i]) else hubs
        # Above a middle school comes the one that begins where it ends, rather than one from 11.
        upper = ready[low[ready] >= high[i] - 1]
        targets[int(i)] = _nearest(int(i), upper if len(upper) else ready, hubs, minutes, metres)
    late = _unfed(hubs, takes_at_eleven, [targets[int(i)] for i in middles])
    for hub in late:
        targets[hub] = _nearest(hub, takes_at_eleven, hubs, minutes, metres)
    own_site = {hub: first for hub, first in site.items() if hub not in late}
    # A cluster is named after the schools it is made round, of which these are none.
    site = {hub: own_site.get(first, hub) for hub, first in own_site.items()}
    centres = np.array(sorted(own_site), dtype=np.int64)
    n_first = 0
    for i in np.flatnonzero(~np.isin(phase, (*SECONDARY_PHASES, "middle"))):
        # A secondary school that begins at nine or ten takes them like a middle school.
        takers = np.concatenate([middles, hubs[low[hubs] >= YOUNGEST_TRANSFER]])
        feeders = takers[~(low[takers] > high[i])] if _is_first(phase[i], high[i]) else takers[:0]
        if len(feeders):
            n_first += 1
            targets[int(i)] = targets[_nearest(int(i), feeders, feeders, minutes, metres)]
        else:
            # Special schools and nurseries send nobody on by age: the nearest of any kind.
            among = takes_at_eleven if phase[i] == "primary" else centres
            targets[int(i)] = _nearest(int(i), among, centres, minutes, metres)
    names = _names(schools["name"].astype(str).tolist(), site)
    cluster = pd.Series(
        [names[site[targets[i]]] for i in range(len(schools))], index=schools.index, dtype=object
    )
    return Gathered(cluster, tuple(_notes(schools, cluster, late, site, (len(middles), n_first))))


def _near_each_other(schools: pd.DataFrame, minutes: Floats) -> Gathered:
    """Gather schools round middles that lie well, where no secondary school says who belongs."""
    n = max(1, round(len(schools) / SCHOOLS_A_GROUP))
    ways = np.where(np.isnan(minutes), FAR_MIN, minutes)
    middles: list[int] = []
    best = np.full(len(ways), np.inf)
    for _ in range(n):  # the one that shortens all ways the most; on a tie the lowest URN
        total = np.minimum(best[:, None], ways).sum(axis=0)
        total[middles] = np.inf
        middles.append(int(np.argmin(total)))
        best = np.minimum(best, ways[:, middles[-1]])
    for _ in range(MOST_MOVES):
        home = np.argmin(ways[:, middles], axis=1)
        within = [np.flatnonzero(home == at) for at in range(n)]
        moved = [int(own[np.argmin(ways[np.ix_(own, own)].sum(axis=0))]) for own in within]
        if moved == middles:
            break
        middles = moved
    home = np.argmin(ways[:, middles], axis=1)
    names = _names(schools["name"].astype(str).tolist(), {i: i for i in middles})
    cluster = pd.Series([names[middles[at]] for at in home], index=schools.index, dtype=object)
    text = (
        "Today's clusters are not known, and no secondary school tells which schools belong"
        f" together: {n} {'was' if n == 1 else 'were'} made of schools near to each other, about"
        f" {SCHOOLS_A_GROUP} each, whatever pupils do afterwards. Wherever clusters of today are"
        f" spoken of, these are meant: {MADE} from schools near to each other."
    )
    return Gathered(cluster, (text, *_odd_ones(schools, cluster)))


def _unfed(hubs: Ints, takes_at_eleven: Ints, fed: Sequence[int]) -> list[int]:
    """Give the secondary schools that begin late and above which no middle school stands.

    A technical college from 14 has no primaries of its own.
    """
    if not len(takes_at_eleven):
        return []
    return [int(hub) for hub in hubs if hub not in takes_at_eleven and hub not in fed]


def _is_first(phase: str, high: float) -> bool:
    """Tell whether a school hands over to a middle school: a first school ends at 8 to 10."""
    youngest, oldest = 8, 10
    return phase == "primary" and youngest <= high <= oldest


def _nearest(i: int, among: Ints, otherwise: Ints, minutes: Floats, metres: Floats) -> int:
    choice = among if len(among) else otherwise
    ways = np.where(np.isnan(minutes[i, choice]), np.inf, minutes[i, choice])
    # Where no road leads to any, the nearest in a straight line; on a tie the lowest URN.
    if np.isinf(ways).all():
        ways = metres[i, choice]
    return int(choice[np.argmin(ways)])


def _joined(hubs: Ints, metres: Floats, within_m: float) -> dict[int, int]:
    """Give the first school of the site that each secondary school stands on."""
    site: dict[int, int] = {}
    for hub in map(int, hubs):
        near = [other for other in site if metres[hub, other] <= within_m]
        site[hub] = site[near[0]] if near else hub
    return site


def _names(names: Sequence[str], site: Mapping[int, int]) -> dict[int, str]:
    """Name each cluster after its secondary schools, without the words that all of them bear."""
    members: dict[int, list[int]] = {}
    for hub, first in site.items():
        members.setdefault(first, []).append(hub)
    short = {first: " and ".join(_short(names[i]) for i in own) for first, own in members.items()}
    long = {first: " and ".join(names[i] for i in own) for first, own in members.items()}
    chosen = dict(short)
    for attempt in (long, {first: f"{long[first]} ({first + 1})" for first in members}):
        counts = Counter(chosen.values())
        chosen = {f: n if counts[n] == 1 else attempt[f] for f, n in chosen.items()}
    return chosen


def _short(name: str) -> str:
    """Shorten a school's name to what tells it from others; where nothing does, it stays.

    >>> _short("Shelley College, A Share Academy"), _short("High School, A Share Academy")
    ('Shelley', 'High School')
    """
    name = _COMPANY.sub("", name)
    short = bare = re.sub(r"^the\s+", "", name.strip(), flags=re.IGNORECASE)
    while (shorter := _GENERIC.sub("", short)) != short and len(shorter) >= len("Ash"):
        short = shorter
    is_telling = any(c.isalnum() for c in short) and not _GENERIC.fullmatch(f" {short}")
    return short if is_telling else bare or name


def _odd_ones(schools: pd.DataFrame, cluster: pd.Series) -> list[str]:
    """Name the groups of one school, and those without a primary school."""
    n_schools = cluster.value_counts()
    has_primary = set(cluster[schools["phase"].isin(["primary", "all-through"])])
    kinds = {
        "one school": sorted(n_schools.index[n_schools == 1]),
        "no primary school": sorted(set(cluster) - has_primary),
    }
    return [
        f"Starting groups of {what}, to look at: {', '.join(names)}."
        for what, names in kinds.items()
        if names
    ]


def _notes(
    schools: pd.DataFrame,
    cluster: pd.Series,
    late: Sequence[int],
    site: Mapping[int, int],
    tiers: tuple[int, int],
) -> list[str]:
    n_clusters, n_hubs = len(set(site.values())), len(site)
    text = (
        f"Today's clusters are not known: {n_clusters} {'was' if n_clusters == 1 else 'were'} made"
        f" from {n_hubs} secondary {'school' if n_hubs == 1 else 'schools'}, each with the schools"
        " nearest to it by minutes."
    )
    made = "Wherever clusters of today are spoken of, these are meant:"
    notes = [f"{text} {made} {MADE} from the nearest secondary school."]
    shared = [
        " and ".join(str(schools["name"].iloc[hub]) for hub, own in site.items() if own == first)
        for first, number in Counter(site.values()).items()
        if number > 1
    ]
    if shared:
        notes.append(f"Secondary schools at one place share a cluster: {'; '.join(shared)}.")
    if late:
        names = ", ".join(str(schools["name"].iloc[hub]) for hub in late)
        notes.append(
            "Secondary schools that begin after eleven and follow on no middle school are in the"
            f" cluster of the nearest other one: {names}."
        )
    n_middle, n_first = tiers
    if n_middle:
        notes.append(
            f"{n_middle} middle schools are in the cluster of the nearest school that takes their"
            f" pupils on, and {n_first} first schools in that of the nearest that takes theirs."
        )
    return notes + _odd_ones(schools, cluster)
