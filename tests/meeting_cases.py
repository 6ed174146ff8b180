"""Cases of where a cluster meets: what makers, checker and page must each give by their own code.

`python -m tests.meeting_cases` writes the file anew. The expected places are worked out here by
plain loops over schools.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

FILE = Path(__file__).parent / "data" / "meeting_places.json"
ABOUT = (
    "Schools by number; minutes[i][j] is the way from i to j in hundredths of a minute, null where "
    "none is known; units are lists of schools; a cluster is a list of units; hubs lists the "
    "schools that a cluster may meet at, null for any. place is the school with the fewest pupil "
    "hundredths of minutes, the first of several, null where pupils can reach none; longest is "
    "null where a way to the place is not known."
)


def place_of(case: dict[str, Any]) -> dict[str, int | None]:
    """Work out where a cluster meets."""
    members = sorted(school for unit in case["cluster"] for school in case["units"][unit])
    best: tuple[int, int] | None = None
    for to in members:
        if case["hubs"] is not None and to not in case["hubs"]:
            continue
        ways = [(case["minutes"][at][to], case["pupils"][at]) for at in members]
        if any(way is None and pupils for way, pupils in ways):
            continue
        total = sum(way * pupils for way, pupils in ways if way is not None)
        best = min(best or (total, to), (total, to))
    if best is None:
        return {"place": None, "total": None, "longest": None}
    total, to = best
    own = [case["minutes"][at][to] for at in members]
    return {"place": to, "total": total, "longest": None if None in own else max(own)}


def _drawn(random: Random) -> dict[str, Any]:
    n = random.randint(1, 9)
    unit_of = sorted(random.randrange(4) for _ in range(n))
    units = [[i for i, u in enumerate(unit_of) if u == number] for number in sorted({*unit_of})]
    gaps = random.choice([0.0, 0.1, 0.3, 0.6])
    ways = [0, 150, 150, 475, 800, 1233]
    case: dict[str, Any] = {
        "pupils": [random.choice([0, 0, 1, 1, 20, 300]) for _ in range(n)],
        "minutes": [
            [
                0 if i == j else None if random.random() < gaps else random.choice(ways)
                for j in range(n)
            ]
            for i in range(n)
        ],
        "units": units,
        "cluster": sorted(random.sample(range(len(units)), random.randint(1, len(units)))),
        "hubs": None if random.random() < 0.4 else sorted(random.sample(range(n), n // 2)),
    }
    return {**case, **place_of(case)}


def cases() -> list[dict[str, Any]]:
    """Make the cases, the same each time."""
    random = Random(13)
    return [_drawn(random) for _ in range(100)]


def text() -> str:
    """Give the file's text: a case a line."""
    rows = ",\n".join(json.dumps(case) for case in cases())
    return f'{{"about": {json.dumps(ABOUT)},\n"cases": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
