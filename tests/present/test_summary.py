"""What is proposed, in a few lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cluster_optimiser.domain import Score
from cluster_optimiser.present.summary import summary
from tests.norfolk import OPTIONS, norfolk_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.domain import Result


def test_the_lines_name_the_best_of_those_that_ask_the_same(results: list[Result]) -> None:
    lines = summary(results)
    assert lines[0].startswith("Today there are 6 clusters, of 1,")
    assert lines[1] == "The options would make 3 clusters of them."
    assert "option 4a, with 3 of" in lines[2]


def test_on_norfolk_each_line_is_true() -> None:
    results = [norfolk_result(option) for option in OPTIONS]
    by_label = {result.plan.label: result for result in results}
    today = by_label["1"]
    lines = summary(results)
    assert len(lines) == 5
    assert f"Today there are {today.score.metrics['n_clusters']} clusters" in lines[0]
    alike = [
        result
        for result in results
        if result.plan.solution.status != "GIVEN"
        and result.problem.scenario.size.min_pupils == today.problem.scenario.size.min_pupils
        and result.problem.scenario.size.max_pupils == today.problem.scenario.size.max_pupils
    ]
    for line, metric in (
        (lines[2], "n_clusters"),
        (lines[3], "mean_minutes"),
        (lines[4], "misaligned_district_pupils"),
    ):
        label = line.partition("option ")[2].partition(",")[0]
        values = [float(result.score.metrics[metric] or 0) for result in alike]
        assert float(by_label[label].score.metrics[metric] or 0) == min(values), line


def test_what_is_not_known_is_left_out(results: list[Result]) -> None:
    lost = []
    for result in results:
        clusters = result.score.clusters.copy()
        clusters["mean_minutes"] = float("nan")
        lost.append(replace(result, score=Score(clusters, result.score.metrics)))
    assert not [line for line in summary(lost) if "minutes" in line]


def test_the_page_says_them_beside_the_search(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(norfolk_page.path).page
    box = page.locator(".brief").bounding_box()
    assert box["y"] + box["height"] < 768
    assert page.locator(".brief li").count() == 5
    phone = visit(
        norfolk_page.path, "#school=121130&a=1&b=4a", viewport={"width": 390, "height": 844}
    ).page
    # On a phone the answer comes first.
    assert phone.locator(".brief").is_hidden()
