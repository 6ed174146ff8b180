"""The list of all runs of a batch: the way in where one page cannot hold them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.words import number, template, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def overview_html(
    runs: Sequence[Mapping[str, Any]],
    *,
    pages: Sequence[tuple[str, str]] = (),
    changes: Sequence[str] = (),
) -> str:
    """Make a page that lists runs."""
    say = words()
    rows = []
    for run in runs:
        metrics = run["metrics"]
        has_sizes = bool(metrics.get("n_clusters"))
        sizes = ""
        if has_sizes:
            smallest, largest = metrics["smallest_pupils"], metrics["largest_pupils"]
            sizes = say["overview"]["sizes"].format(least=number(smallest), most=number(largest))
        rows.append(
            {
                **run,
                "status": say["status"].get(run["status"], run["status"]),
                "clusters": metrics.get("n_clusters", ""),
                "pupils": sizes,
            }
        )
    return template("overview.html.j2").render(
        say=say["overview"],
        lead=say["overview"]["lead"].format(n_runs=number(len(rows))),
        pages=[{"name": name, "href": href} for name, href in pages],
        changes=changes,
        runs=rows,
    )
