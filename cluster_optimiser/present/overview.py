"""The list of all runs of a batch: the way in where one page cannot hold them all.

Made of the tables of the results folder and nothing else, so that it says what they say.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import InputError
from cluster_optimiser.present.characters import isolated
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.words import template
from cluster_optimiser.scenario.sweep import CHANGED
from cluster_optimiser.words import number, one_decimal, say, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    Row = dict[str, str]

NUMBERS = ("n_clusters", "smallest_pupils", "largest_pupils", "mean_minutes", "max_minutes")
TITLES = {
    "n_clusters": "clusters",
    "mean_minutes": "mean",
    "smallest_pupils": "smallest",
    "largest_pupils": "largest",
}
"""Metrics that a chart shows, one below the other, and their words."""

WIDTH, HEIGHT, LEFT, RIGHT, BAND = 720, 64, 60, 12, 22
MOST_GRIDS = 6

MONEY = ("need_spread_share", "pounds_spread_share")
"""Columns of runs that share out money."""
NOT_PLANNED = "#e6e6e6"


def statement(changes: Sequence[Mapping[Any, Any]]) -> str:
    """Say at how many steps of a sweep the answer changes, and what the other steps are."""
    kinds = Counter(change["what"] for change in changes)
    n = sum(kinds[kind] for kind in CHANGED)
    said = [say("sweep.changes", n=n, n_changes=number(n), n_steps=number(len(changes)))]
    said += [
        say(f"sweep.{key}", kinds[kind], n_steps=number(kinds[kind]))
        for kind, key in (
            ("plan found", "found"),
            ("plan lost", "lost"),
            ("no plan in both", "none"),
            ("not known", "unknown"),
        )
        if kinds[kind]
    ]
    return ", ".join(said)


def is_list_of_runs(folder: Path) -> bool:
    """Tell whether a results folder holds a sweep or several authorities, and no options."""
    return (folder / "runs.csv").is_file() and not (folder / "page.json").is_file()


def read_table(path: Path) -> list[Row]:
    """Read a table of the results folder; nothing where it was not written."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def overview_html(folder: Path, *, has_map: Iterable[str]) -> str:
    """Make the page of all runs of a folder; runs with a map are named."""
    runs = read_table(folder / "runs.csv")
    if not runs:
        remedy = 'Give a folder that "cluster-optimiser run" wrote.'
        raise InputError.of(folder / "runs.csv", "there are no runs", remedy)
    mapped = set(has_map)
    changes, plans = read_table(folder / "changes.csv"), read_table(folder / "plans.csv")
    sweeps = list(dict.fromkeys(change["sweep"] for change in changes))
    is_region = len({run["authority"] for run in runs}) > 1
    page = template("overview.html.j2").render(
        lead=say("overview.lead", len(runs), n_runs=number(len(runs))),
        pages=_pages(folder),
        sweeps=[_sweep(name, runs, changes, plans) for name in sweeps],
        runs=[_run(run, mapped) for run in runs],
        is_region=is_region,
        has_need=any(run.get("need_deviation") for run in runs),
        has_money=any(run.get(MONEY[0]) for run in runs),
    )
    return isolated(page)


def _pages(folder: Path) -> list[dict[str, str]]:
    found = []
    for path in sorted(folder.glob("authorities/*/page.json")):
        name = json.loads(path.read_text(encoding="utf-8"))["authority"]["name"]
        found.append({"name": name, "href": f"{path.parent.relative_to(folder).as_posix()}/"})
    return [one | {"href": f"{one['href']}index.html"} for one in found]


def _run(run: Row, mapped: set[str]) -> dict[str, Any]:
    status = run["status"]
    sizes = ""
    if run.get("smallest_pupils"):
        least, most = (number(int(run[key])) for key in ("smallest_pupils", "largest_pupils"))
        sizes = say("overview.sizes", least=least, most=most)
    shown = {key: _shown(run.get(key, "")) for key in ("mean_minutes", "max_minutes")}
    return {
        "label": run["run"],
        "title": run["title"],
        "authority": run["authority"],
        "status": status if status == "FAILED" else say(f"status.{status}"),
        "message": run["message"],
        "clusters": run.get("n_clusters", ""),
        "pupils": sizes,
        "need": _shown(run.get("need_deviation", "")),
        "money": _spreads(run),
        "href": f"{run['run']}/map.html" if run["run"] in mapped and run["plan"] else "",
        **shown,
    }


def _spreads(run: Row) -> list[str]:
    return [share(float(run[key])) if run.get(key) else "" for key in MONEY]


def _shown(cell: str) -> str:
    return one_decimal(float(cell)) if cell else ""


def _sweep(
    name: str, runs: Sequence[Row], changes: Sequence[Row], plans: Sequence[Row]
) -> dict[str, Any]:
    own = [run for run in runs if run["sweep"] == name]
    steps = [change for change in changes if change["sweep"] == name]
    keys = list(dict.fromkeys(step["key"] for step in steps))
    named = {plan["plan"]: plan["name"] for plan in plans if plan["sweep"] == name}
    spreads = {run["run"]: _spreads(run) for run in own}
    lines = [step for step in steps if step["what"] in CHANGED]
    view = {
        "name": name,
        "statement": statement(steps),
        "counted": say(
            "sweep.plans",
            len(named),
            n_plans=number(len(named)),
            n_with=number(sum(bool(run["plan"]) for run in own)),
            n_runs=number(len(own)),
        ),
        "plans": [
            plan
            | {key: _shown(plan[key]) for key in ("mean_minutes", "max_minutes")}
            | {"money": spreads[plan["first_run"]]}
            for plan in plans
            if plan["sweep"] == name
        ],
        "changes": [_line(step) for step in lines],
        "charts": [],
        "grids": [],
        "left_out": "",
    }
    # Seeds that change nothing are no dimension of a picture.
    shown = [key for key in keys if key != "seed" or len(keys) == 1]
    parts = _parts(own, shown[:2])
    if len(shown) == 1:
        view["charts"] = [_chart(part, shown[0], held, named) for held, part in parts[:MOST_GRIDS]]
    elif shown:
        view["grids"] = [_grid(part, shown[:2], held, named) for held, part in parts[:MOST_GRIDS]]
    if len(parts) > MOST_GRIDS:
        n_left = len(parts) - MOST_GRIDS
        view["left_out"] = say("sweep.left_out", n_left, n_pictures=number(n_left))
    return view


def _line(step: Row) -> str:
    held = f" ({step['held']})" if step["held"] else ""
    before = f"{step['key']} {step['from_value']} → {step['to_value']}{held}: "
    if step["what"] != "other plan":
        return before + say(f"sweep.kind_{step['what'].removeprefix('plan ')}")
    return before + say(
        "sweep.kind_other",
        before=step["from_clusters"],
        after=step["to_clusters"],
        pupils=number(int(step["moved_pupils"])),
    )


def _parts(runs: Sequence[Row], keys: Sequence[str]) -> list[tuple[str, list[Row]]]:
    """Part runs by whatever else is swept: what one picture cannot hold."""
    columns = list(runs[0])
    between = columns[columns.index("gap") + 1 : columns.index("plan")]
    others = [key for key in ("authority", *between) if key not in keys]
    others = [key for key in others if len({run[key] for run in runs}) > 1]
    found: dict[str, list[Row]] = {}
    for run in runs:
        found.setdefault(", ".join(f"{key} {run[key]}" for key in others), []).append(run)
    if "seed" not in keys:
        # Of several seeds the first; where they differ, the steps of the seed say so.
        for held, part in found.items():
            first = {tuple(run[key] for key in keys): run for run in part[::-1]}
            found[held] = list(first.values())[::-1]
    return list(found.items())


def _value(cell: str) -> tuple[bool, float, str]:
    """Give what values are put into order by: numbers before words."""
    try:
        return (False, float(cell), cell)
    except ValueError:
        return (True, 0.0, cell)


def _colour(name: str) -> str:
    if not name:
        return NOT_PLANNED
    place = 0
    for letter in name:
        place = place * 26 + ord(letter) - ord("A") + 1
    return PALETTE[(place - 1) % len(PALETTE)]


def _grid(
    runs: Sequence[Row], keys: Sequence[str], held: str, named: Mapping[str, str]
) -> dict[str, Any]:
    """Give a table of two swept keys: which plan, and how much of what."""
    down, across = keys
    rows = sorted({run[down] for run in runs}, key=_value)
    columns = sorted({run[across] for run in runs}, key=_value)
    cells = {(run[down], run[across]): run for run in runs}
    return {
        "title": held,
        "down": down,
        "across": across,
        "columns": columns,
        "rows": [(row, [_cell(cells.get((row, one)), named) for one in columns]) for row in rows],
    }


def _cell(run: Row | None, named: Mapping[str, str]) -> dict[str, str]:
    if run is None:
        return {"colour": "#ffffff", "text": "", "more": ""}
    name = named.get(run["plan"], "")
    if not name:
        return {"colour": NOT_PLANNED, "text": say("sweep.no_plan"), "more": ""}
    more = say(
        "sweep.cell",
        int(run["n_clusters"]),
        clusters=run["n_clusters"],
        minutes=_shown(run["mean_minutes"]),
    )
    return {"colour": _colour(name), "text": name, "more": more}


def _chart(runs: Sequence[Row], key: str, held: str, named: Mapping[str, str]) -> dict[str, Any]:
    """Draw what becomes of a few metrics and of the plan along one swept key."""
    ordered = sorted(runs, key=lambda run: _value(run[key]))
    values = [_value(run[key]) for run in ordered]
    is_number = not any(is_word for is_word, _, _ in values)
    places = (
        [value for _, value, _ in values] if is_number else [float(i) for i in range(len(values))]
    )
    span = places[-1] - places[0] or 1.0
    room = WIDTH - LEFT - RIGHT
    xs = [LEFT + room * (place - places[0]) / span for place in places]
    edges = [xs[0], *((a + b) / 2 for a, b in itertools.pairwise(xs)), xs[-1]]
    names = [named.get(run["plan"], "") for run in ordered]
    bands = []
    for name, some in itertools.groupby(range(len(names)), key=names.__getitem__):
        at = list(some)
        left, right = edges[at[0]], edges[at[-1] + 1]
        text = name if right - left >= BAND / 2 else ""
        row = {
            "x": round(left),
            "w": max(1, round(right - left)),
            "fill": _colour(name),
            "name": text,
        }
        bands.append(row)
    lines = [_metric_line(metric, ordered, xs, edges) for metric in TITLES]
    ticks = {round(xs[i]): ordered[i][key] for i in {0, len(xs) // 2, len(xs) - 1}}
    return {
        "title": held,
        "key": key,
        "bands": bands,
        "lines": [line for line in lines if line],
        "ticks": sorted(ticks.items()),
        "rows": [
            [run[key], named.get(run["plan"], say("sweep.no_plan")), *(run[m] for m in NUMBERS)]
            for run in ordered
        ],
    }


def _metric_line(
    metric: str, runs: Sequence[Row], xs: Sequence[float], edges: Sequence[float]
) -> dict[str, Any] | None:
    """Draw one metric as steps, from 0 up; a gap where there is no plan."""
    cells = [float(run[metric]) if run.get(metric) else None for run in runs]
    known = [cell for cell in cells if cell is not None]
    if not known:
        return None
    top = max(known) or 1.0
    path, is_down = [], False
    for i, cell in enumerate(cells):
        if cell is not None:
            y = HEIGHT - 8 - (HEIGHT - 28) * cell / top
            left, right = (edges[i], edges[i + 1]) if len(xs) > 1 else (xs[0], WIDTH - RIGHT)
            path.append(f"{'L' if is_down else 'M'}{left:.1f},{y:.1f}H{right:.1f}")
        is_down = cell is not None
    return {"title": say(f"sweep.{TITLES[metric]}"), "top": f"{top:,.10g}", "path": "".join(path)}
