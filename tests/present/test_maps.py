"""The folium map of one plan."""

from collections.abc import Callable

import folium
import pytest

from cluster_optimiser.domain import Result
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present import map_html, placing, plot_plan


def test_a_plan_is_drawn_as_a_folium_map(solved: Result) -> None:
    drawn = plot_plan(solved)
    assert isinstance(drawn, folium.Map)
    assert drawn.options["prefer_canvas"]
    assert not [x for x in drawn._children.values() if isinstance(x, folium.TileLayer)]


def test_the_map_is_the_same_text_twice(solved: Result) -> None:
    assert map_html(solved) == map_html(solved)


def test_the_map_asks_for_nothing(solved: Result, loads: Callable[[str], list[str]]) -> None:
    assert loads(map_html(solved)) == []


def test_names_are_text(
    solved: Result, nasty: str, tags: Callable[[str], list[tuple[str, dict[str, str]]]]
) -> None:
    page = map_html(solved)
    assert nasty not in page
    # Read as a template, the name would have become a sum.
    assert "&gt; 49 &amp;" not in page
    assert "7*7" in page
    assert not [tag for tag, attrs in tags(page) if "onerror" in attrs or tag == "img"]


def test_leaflet_is_what_its_authors_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(placing.PUBLISHED, "leaflet.css", "x")
    with pytest.raises(ClusterOptimiserError, match=r"leaflet\.css .* is not Leaflet 1\.9\.4"):
        placing.leaflet.__wrapped__()


def test_leaflets_licence_line_stays(solved: Result) -> None:
    assert "Leaflet 1.9" in map_html(solved)
    assert "Vladimir Agafonkin" in map_html(solved)
    assert "sourceMappingURL" not in map_html(solved)


def test_every_boundary_layer_can_be_shown(solved: Result) -> None:
    control = next(
        x for x in plot_plan(solved)._children.values() if isinstance(x, folium.LayerControl)
    )
    control._parent.get_root().render()
    assert list(control.overlays) == [
        "Clusters of this plan",
        "Today&#39;s clusters",
        "Districts",
        "Schools",
        "Numbers",
    ]
