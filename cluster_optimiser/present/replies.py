"""What replies say, as tables, JSON and a map."""

from __future__ import annotations

import json
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from cluster_optimiser.comparison.responses import NO_PREFERENCE
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.records import plain
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import WIDTH, Frame, path_data
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cluster_optimiser.comparison.responses import Responses
    from cluster_optimiser.domain import Territory

TABLES = ("replies", "support", "plans", "groups", "comments", "uncertain")
"""Tables of `Responses`, each a CSV file."""

EVEN = "#ffffff"
"""Fill of a cluster where no option leads, or nobody replied."""

SIMPLIFY_M = 150.0
LEGEND_ROW = 46


def _leading(support: pd.DataFrame, options: list[str]) -> dict[str, tuple[str | None, str]]:
    """Give the option that leads in each of today's clusters, and the figures in words."""
    found: dict[str, tuple[str | None, str]] = {}
    for row in support[support["by"] == "cluster"].to_dict(orient="records"):
        counted = {option: int(row[option]) for option in options}
        most = max(counted.values(), default=0)
        leaders = [option for option, n in counted.items() if n == most and most]
        words = ", ".join(f"{option}: {n}" for option, n in counted.items() if n) or "none"
        told = f"{row['n_replied']} of {row['n_schools']} schools replied; {words}"
        found[str(row["group"])] = (leaders[0] if len(leaders) == 1 else None, told)
    return found


def support_svg(responses: Responses, territory: Territory) -> str:
    """Draw today's clusters in the colour of the option that leads in each."""
    support = responses.support
    options = [c for c in support.columns[5:] if c != NO_PREFERENCE]
    leading = _leading(support, options)
    leaders = [o for o in options if any(found[0] == o for found in leading.values())]
    colour = {option: PALETTE[i % len(PALETTE)] for i, option in enumerate(leaders)}
    frame = Frame.around(territory.clusters.geometry)
    names = [str(name) for name in territory.clusters.index]
    coverage = territory.clusters.geometry.to_numpy()
    shapes = shapely.coverage_simplify(coverage, SIMPLIFY_M)
    drawn, letters = [], []
    for name, shape in zip(names, shapes, strict=True):
        option, told = leading.get(name, (None, "no school asked"))
        local = frame.draw(shape)
        fill = colour[option] if option else EVEN
        title = escape(f"{name}: {told}")
        drawn.append(f'<path fill="{fill}" d="{path_data(local)}"><title>{title}</title></path>')
        if option:
            spot = local.representative_point()
            letters.append(f'<text x="{spot.x:.0f}" y="{spot.y:.0f}">{escape(option)}</text>')
    rows = [*((colour[o], f"Option {o} leads") for o in leaders), (EVEN, "Level, or no reply")]
    top = frame.height + LEGEND_ROW
    key = "".join(
        f'<rect x="20" y="{top + i * LEGEND_ROW}" width="40" height="30" fill="{fill}"/>'
        f'<text class="k" x="76" y="{top + i * LEGEND_ROW + 25}">{escape(text)}</text>'
        for i, (fill, text) in enumerate(rows)
    )
    counts = responses.counts
    told = (
        f"{counts['n_counted']} of {counts['n_schools']} schools replied. Each of today's clusters "
        "has the colour and the label of the option that most of its schools prefer."
    )
    height = top + LEGEND_ROW * len(rows) + 10
    style = (
        "path,rect{stroke:#22303a;stroke-width:3}text{font:700 34px Arial,sans-serif;"
        "text-anchor:middle;fill:#101a20;paint-order:stroke;stroke:#fff;stroke-width:6}"
        ".k{font-weight:400;text-anchor:start;stroke:none}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="t d"><title id="t">Support by cluster</title><desc id="d">{told}</desc>'
        f"<style>{style}</style>{''.join(drawn)}{''.join(letters)}{key}</svg>\n"
    )


def responses_json(responses: Responses) -> str:
    """Give everything that replies say as JSON."""
    record: dict[str, object] = {"counts": responses.counts, "judged_by": responses.judged_by}
    for name in TABLES:
        table: pd.DataFrame = getattr(responses, name)
        record[name] = table.astype(object).to_dict(orient="records")
    text = json.dumps(plain(record), ensure_ascii=False, indent=1, allow_nan=False)
    return text + "\n"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def response_lines(responses: Responses) -> Iterator[str]:
    """Say in lines of text what replies say."""
    counts, table = responses.counts, responses.replies
    yield (
        f"{_counted(counts['n_rows'], 'reply', 'replies')}; "
        f"{counts['n_counted']} of {_counted(counts['n_schools'], 'school', 'schools')} "
        f"({counts['n_counted'] / counts['n_schools']:.0%})"
    )
    whole = responses.support[responses.support["by"] == "all"].iloc[0]
    for option in responses.support.columns[5:]:
        yield f"  {option:<16} {whole[option]:>5}"
    for row in table[table["reason"] != ""].itertuples():
        counted = "counted" if row.is_counted else "not counted"
        yield f"row {row.row}: {row.school}: {counted}: {row.reason}"
    yield (
        f"{_counted(counts['n_comments'], 'comment', 'comments')}, of which {counts['n_quoted']} "
        f"may be quoted; {_counted(counts['n_plans'], 'own plan', 'own plans')}, "
        f"judged by {responses.judged_by}"
    )
    for plan in responses.plans.to_dict(orient="records"):
        where = ""
        if plan["status"] == "legal" and not is_unknown(plan["n_better"]):
            better = _counted(plan["n_better"], "legal plan is", "legal plans are")
            where = f": {better} better, {plan['n_worse']:,} worse"
        reasons = f": {plan['reasons']}" if plan["reasons"] else ""
        yield f"row {plan['row']}: {plan['plan']}: {plan['status']}{where}{reasons}"
    for group in responses.groups.to_dict(orient="records"):
        if group["n_plans"] > 1:
            yield (
                f"alike: rows {', '.join(map(str, group['rows']))}, at most "
                f"{group['most_pupils']:,} pupils in different company"
            )


def write_responses(responses: Responses, territory: Territory, out: Path) -> list[Path]:
    """Write what replies say into a folder."""
    files = {f"{name}.csv": csv_text(getattr(responses, name)) for name in TABLES}
    files["responses.json"] = responses_json(responses)
    files["support.svg"] = support_svg(responses, territory)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=out) as place:
            for name, text in files.items():
                (Path(place) / name).write_text(text, encoding="utf-8", newline="\n")
            for name in files:
                (Path(place) / name).replace(out / name)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error
    return [out / name for name in files]
