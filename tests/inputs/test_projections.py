"""Projections of pupils: columns, files, growth and draws, and every fault of them."""

from pathlib import Path

import numpy as np
import pytest

from cluster_optimiser.domain import Authority
from cluster_optimiser.errors import InputError, ScenarioError
from cluster_optimiser.inputs import projections_of
from cluster_optimiser.prospects import Projected
from cluster_optimiser.scenario import Scenario
from tests.toy import toy_problem, toy_scenario


def authority() -> Authority:
    """Four units of one school each, pupils 1,000 or as the toy map says."""
    return toy_problem("AB CD", layers={"district": "xx yy"}).authority


def scenario(tmp_path: Path | None = None, **projection: object) -> Scenario:
    made = toy_scenario(projection={"assumption": "A test.", **projection})
    if tmp_path is not None:
        made._files = (tmp_path / "s.toml",)
    return made


def projected(place: Authority, **projection: object) -> tuple[Projected, ...]:
    return projections_of(scenario(**projection), place)


def test_growth_is_compounded_from_the_year_of_the_data() -> None:
    place = authority()
    base = place.schools["pupils"]
    year = int(place.data_date[:4])
    made = projected(place, growth=[{"name": "g", "years": [year, year + 2], "pct_per_year": 10}])
    assert [one.label for one in made] == [f"g {year}", f"g {year + 2}"]
    assert made[0].pupils.tolist() == base.tolist()
    assert made[1].pupils.tolist() == [int(p * 1.21 + 0.5) for p in base]


def test_growth_by_area_and_its_names() -> None:
    place = authority()
    layer = next(iter(place.layers))
    areas = place.schools[f"layer.{layer}"]
    area = str(areas.iloc[0])
    growth = {"name": "g", "years": [2050], "layer": layer, "areas": {area: -50}}
    (made,) = projections_of(scenario(growth=[growth], from_year=2049), place)
    halved = made.pupils < place.schools["pupils"]
    assert halved.tolist() == (areas == area).tolist()
    wrong = {**growth, "areas": {area + "x": 1}}
    with pytest.raises(InputError, match=f'Did you mean "{area}"'):
        projections_of(scenario(growth=[wrong]), place)
    with pytest.raises(InputError, match="there is no layer"):
        projections_of(scenario(growth=[{**growth, "layer": "nowhere"}]), place)


def test_draws_are_repeated_for_a_seed_and_spread_as_stated() -> None:
    place = authority()
    spread = {"relative_sd": 0.1, "draws": 2000, "seed": 3, "correlation": 0.5}
    made = projected(place, spread=spread)
    again = projected(place, spread=spread)
    assert all(a.pupils.equals(b.pupils) for a, b in zip(made, again, strict=True))
    other = projected(place, spread={**spread, "seed": 4})
    assert not made[0].pupils.equals(other[0].pupils)
    drawn = np.array([one.pupils for one in made]) / place.schools["pupils"].to_numpy()
    big = place.schools["pupils"].to_numpy() >= 100
    assert np.allclose(drawn.mean(axis=0)[big], 1, atol=0.01)
    assert np.allclose(drawn.std(axis=0)[big], 0.1, atol=0.01)
    between = np.corrcoef(drawn[:, big].T)
    off = between[~np.eye(len(between), dtype=bool)]
    assert np.allclose(off, 0.5, atol=0.06)


def test_draws_about_another_projection() -> None:
    place = authority()
    growth = [{"name": "g", "years": [2050], "pct_per_year": 5}]
    spread = {"relative_sd": 0.0001, "draws": 1, "about": "g 2050"}
    grown, drawn = projections_of(scenario(growth=growth, spread=spread), place)
    assert (drawn.pupils / grown.pupils - 1).abs().max() < 0.01
    with pytest.raises(InputError, match='Did you mean "g 2050"'):
        projections_of(scenario(growth=growth, spread={**spread, "about": "g 2051"}), place)


def test_a_column_of_the_register() -> None:
    place = authority()
    place.schools["pupils_2031"] = place.schools["pupils"] + 7
    (made,) = projected(place, columns=["pupils_2031"])
    assert (made.year, made.label) == (2031, "pupils_2031")
    assert (made.pupils - place.schools["pupils"]).tolist() == [7] * len(place.schools)
    with pytest.raises(InputError, match='Did you mean "pupils_2031"'):
        projected(place, columns=["pupils_2032"])
    place.schools["pupils_2031"] = 1.5
    with pytest.raises(InputError, match="no whole number of pupils for URN"):
        projected(place, columns=["pupils_2031"])


def test_a_file_of_projections(tmp_path: Path) -> None:
    place = authority()
    urns = [int(urn) for urn in place.schools.index]
    rows = [f"{urn},{year},{100 + year - 2030}" for urn in urns for year in (2031, 2030)]
    (tmp_path / "p.csv").write_text("\n".join(["urn,year,pupils", *rows]), encoding="utf-8")
    made = projections_of(scenario(tmp_path, file="p.csv"), place)
    assert [(one.label, one.year) for one in made] == [("p 2030", 2030), ("p 2031", 2031)]
    assert made[1].pupils.tolist() == [101] * len(urns)


def test_every_fault_of_a_file_in_one_pass(tmp_path: Path) -> None:
    place = authority()
    urn = int(place.schools.index[0])
    lines = ["urn,year,pupils", f"{urn},2030,-1", "7,2030,5", f"{urn},soon,5", f"{urn},2031,x"]
    lines += [f"{urn},2032,0", f"{urn},2032,5", f"{urn},2033,1.2E+03"]
    (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        projections_of(scenario(tmp_path, file="p.csv"), place)
    told = str(caught.value)
    for text in (
        "row 2",
        "2032 is given twice",
        "no school with this URN",
        '"soon" is not a year',
        "1.2E+03 pupils is rounded. A spreadsheet has shortened it",
        '"x" is not a number',
    ):
        assert text in told
    with pytest.raises(InputError, match="cannot be read"):
        projections_of(scenario(tmp_path, file="q.csv"), place)


def test_a_school_without_a_figure_is_named(tmp_path: Path) -> None:
    place = authority()
    first, *rest = (int(urn) for urn in place.schools.index)
    lines = ["urn,year,pupils", *(f"{urn},2030,5" for urn in rest)]
    (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=f"no pupils in 2030 for URN {first}"):
        projections_of(scenario(tmp_path, file="p.csv"), place)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"assumption": "a"}, "there is no projection"),
        ({"columns": ["x"]}, "it is missing"),
        ({"assumption": "a", "colums": ["x"]}, 'Did you mean "columns"'),
        ({"assumption": "a", "spread": {"relative_ds": 0.1}}, 'Did you mean "relative_sd"'),
        ({"assumption": "a", "growth": [{"name": "g", "yaers": [2030]}]}, 'Did you mean "years"'),
        ({"assumption": "a", "growth": [{"name": "g", "years": [2, 1]}]}, "is not allowed"),
        (
            {"assumption": "a", "growth": [{"name": "g", "years": [2031, 2030]}]},
            "years do not rise",
        ),
        (
            {"assumption": "a", "growth": [{"name": "g", "years": [2031], "areas": {"A": 1}}]},
            "not the layer",
        ),
        ({"assumption": "a", "columns": ["x", "x"]}, "a name stands twice"),
    ],
)
def test_faults_of_the_table(table: dict[str, object], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        toy_scenario(projection=table)


def test_robustness_needs_projections_and_an_order() -> None:
    with pytest.raises(ScenarioError, match="counts projections, and there are none"):
        toy_scenario(objective={"order": ["robustness"]})
    with pytest.raises(ScenarioError, match="cannot be weighted"):
        toy_scenario(objective={"weights": {"robustness": 1}})
    with pytest.raises(ScenarioError, match='Did you mean "robustness"'):
        toy_scenario(objective={"order": ["robustnes"]})
