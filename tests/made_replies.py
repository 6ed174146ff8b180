"""Made replies to the consultation, seeded: nobody's opinion."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

from tests.norfolk import norfolk_place, norfolk_result

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = ("missing school", "unknown urn", "blank cluster", "apart", "too large")


def _typo(name: str, draw: random.Random) -> str:
    at = draw.randrange(3, len(name) - 2)
    return name[:at] + name[at + 1 :]


def _plan(kind: str, draw: random.Random) -> list[tuple[object, str]]:
    """Make an own plan: one of the options, moved a little or broken."""
    base = norfolk_result(draw.choice(("4a", "4b", "4c"))).plan.assignment.copy()
    rows: list[tuple[object, str]] = list(base.items())
    names = sorted(set(base))
    if kind == "missing school":
        rows.pop(draw.randrange(len(rows)))
    elif kind == "unknown urn":
        rows[0] = (999_999, rows[0][1])
    elif kind == "blank cluster":
        rows[5] = (rows[5][0], "")
    elif kind == "apart":
        urn = draw.choice([u for u, c in rows if "Catholic" not in c and "Special" not in c])
        far = names[-1] if base[urn] != names[-1] else names[0]
        rows = [(u, far if u == urn else c) for u, c in rows]
    elif kind == "too large":
        rows = [(u, names[0] if c == names[1] else c) for u, c in rows]
    return rows


def made_replies(folder: Path, *, n: int = 400, n_plans: int = 30, n_broken: int = 10) -> Path:
    """Write a file of replies with the slips that people make, and the plans it names."""
    draw = random.Random(8)
    schools = norfolk_place().authority.schools["name"]
    asked = draw.sample(list(schools.items()), n - 12)
    rows = []
    for i, (urn, name) in enumerate(asked):
        unique = (schools == name).sum() == 1
        school = {0: str(urn), 1: name if unique else urn, 2: name.upper() if unique else urn}.get(
            i % 4, _typo(name, draw) if i % 20 == 3 and unique else urn
        )
        option = draw.choice(("1", "2b", "4c", "4b", "4B", "none", ""))
        comment = draw.choice(("", "", "Too far for us.", "=HYPERLINK(1)", "Private thoughts"))
        quote = "no" if comment.startswith("Private") else draw.choice(("yes", "no", ""))
        rows.append([school, option, comment, quote, ""])
    first = [asked[k][0] for k in range(4)]
    rows += [[urn, "4b", "", "", ""] for urn in first]  # replied again
    rows += [["999999", "1", "", "", ""], ["No Such Academy Anywhere", "1", "", "", ""]]
    rows += [["", "1", "", "", ""], ["Norwich", "2b", "Where?", "yes", ""]]
    rows += [[asked[k][0], "9z", "", "", ""] for k in range(4, 8)]
    for i in range(n_plans):
        kind = BROKEN[i % len(BROKEN)] if i < n_broken else "as it is"
        plan = folder / f"plan_{i}.csv"
        with plan.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("urn", "cluster"), *_plan(kind, draw)])
        rows[10 + i][4] = plan.name
    path = folder / "replies.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("school", "option", "comment", "may_quote", "plan"), *rows])
    return path
