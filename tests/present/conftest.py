"""A small authority, and results of it, made by hand: nothing of the optimiser or the scorer."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Page

from cluster_optimiser.batch.surveys import standing_of
from cluster_optimiser.constants import CRS_METRES, SECONDARY_PHASES
from cluster_optimiser.domain import (
    Authority,
    Layer,
    Plan,
    Problem,
    Result,
    Score,
    Solution,
    Source,
    Stage,
    Territory,
    TravelMinutes,
    TravelSpec,
    Violation,
)
from cluster_optimiser.present import assignments_table
from cluster_optimiser.proofs import MergeProof
from cluster_optimiser.scenario import parse_scenario
from tests.browsers import FLAGS, program
from tests.kept import kept, kept_folder
from tests.made_case import made_results
from tests.norfolk import OPTIONS, surveyed_result
from tests.pages import index_html

NASTY = "</script><img src=x onerror=alert(1)> {{ 7*7 }} & Co"
"""Give a name that breaks a page which does not show names as text."""

SQUARE_M = 10_000
GRID = ("ABC", "DEF")
WEST, SOUTH = 600_000, 300_000


def _square(column: int, row: int) -> shapely.Polygon:
    x, y = WEST + column * SQUARE_M, SOUTH + (len(GRID) - 1 - row) * SQUARE_M
    return shapely.box(x, y, x + SQUARE_M, y + SQUARE_M)


def _territory_parts() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    names = {"A": "Ashby", "B": "Bexford", "C": "=Coldham", "D": NASTY, "E": "Elmsett", "F": "Fen"}
    clusters = gpd.GeoDataFrame(
        {"cluster": [names[letter] for row in GRID for letter in row]},
        geometry=[_square(c, r) for r, row in enumerate(GRID) for c in range(len(row))],
        crs=CRS_METRES,
    )
    clusters = clusters.set_index("cluster").sort_index()
    west = shapely.box(WEST, SOUTH, WEST + 15_000, SOUTH + 20_000)
    east = shapely.box(WEST + 15_000, SOUTH, WEST + 30_000, SOUTH + 20_000)
    districts = gpd.GeoDataFrame(
        {"area": ["East", "West"]}, geometry=[east, west], crs=CRS_METRES
    ).set_index("area")
    return clusters, districts


def _register(clusters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = []
    for number, (cluster, square) in enumerate(clusters.geometry.items()):
        x, y = square.centroid.x, square.centroid.y
        for part, (phase, dx) in enumerate(
            (("secondary", 0), ("primary", -2500), ("primary", 2500))
        ):
            rows.append(
                {
                    "urn": 100_000 + number * 10 + part,
                    "name": f"{cluster} {phase.title()} {part}",
                    "phase": phase,
                    "pupils": 900 if phase == "secondary" else 200 + 10 * number,
                    "cluster": cluster,
                    "local_cluster": cluster,
                    "geometry": shapely.Point(x + dx, y),
                }
            )
    home = "Bexford"
    rows.append(
        {
            "urn": 100_900,
            "name": "St Jude Catholic Primary",
            "phase": "primary",
            "pupils": 150,
            "cluster": "Catholic schools",
            "local_cluster": home,
            "geometry": shapely.Point(_square(1, 0).centroid.x, _square(1, 0).centroid.y - 3_000),
        }
    )
    schools = gpd.GeoDataFrame(rows, crs=CRS_METRES).set_index("urn").sort_index()
    schools["is_pupils_known"] = True
    inside = [
        next(area for area, shape in districts.geometry.items() if shape.covers(point))
        for point in schools.geometry
    ]
    schools["layer.district"] = inside
    return schools


def _minutes(schools: gpd.GeoDataFrame) -> TravelMinutes:
    xy = shapely.get_coordinates(schools.geometry.to_numpy())
    km = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1]) / 1000
    minutes = np.round(4 + 1.3 * km, 2)
    np.fill_diagonal(minutes, 0.0)
    return TravelMinutes(
        urns=schools.index.to_numpy(dtype=np.int64), minutes=minutes, note="An estimate."
    )


def _neighbours(units: gpd.GeoDataFrame) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(units.index)
    for i, a in enumerate(units.index):
        for b in units.index[i + 1 :]:
            shared = units.geometry[a].intersection(units.geometry[b]).length
            if shared > 100:
                graph.add_edge(a, b, shared_m=shared)
    return graph


def make_problem(
    *, authority: Authority, territory: Territory, scenario: Mapping[str, object]
) -> Problem:
    """Put a problem together whose units are today's clusters."""
    resolved = parse_scenario(scenario)
    schools = authority.schools
    names = [exempt.name for exempt in resolved.exempt]
    is_exempt = schools["cluster"].isin(names)
    counted = schools[~is_exempt]
    units = territory.clusters.rename_axis("unit_id").copy()
    units["pupils"] = counted.groupby("local_cluster")["pupils"].sum()
    units["n_schools"] = counted.groupby("local_cluster").size()
    secondary = counted["phase"].isin(SECONDARY_PHASES)
    units["n_secondary"] = secondary.groupby(counted["local_cluster"]).sum()
    for layer in authority.layers:
        units[f"home.{layer}"] = [
            _home(counted[counted["local_cluster"] == unit], layer)[0] for unit in units.index
        ]
    return Problem(
        scenario=resolved,
        authority=authority,
        territory=territory,
        travel=_minutes(schools),
        units=units,
        unit_of=counted["local_cluster"].rename("unit_id"),
        exempt_of=schools["cluster"][is_exempt].rename("exempt"),
        local_unit_of=schools["local_cluster"][is_exempt].rename("unit_id"),
        dual=_neighbours(units),
        notes=("A link was used.",),
    )


def _home(members: pd.DataFrame, layer: str) -> tuple[str | None, int]:
    pupils = members.groupby(f"layer.{layer}")["pupils"].sum().sort_index()
    if pupils.empty:
        return None, int(members["pupils"].sum())
    home = str(pupils.idxmax())
    return home, int(members["pupils"].sum() - pupils[home])


def _cluster_row(
    problem: Problem, members: gpd.GeoDataFrame, *, is_exempt: bool
) -> dict[str, object]:
    schools, size = problem.authority.schools, problem.scenario.size
    at = schools.index.get_indexer(members.index)
    minutes = problem.travel.minutes[np.ix_(at, at)]
    cost = (members["pupils"].to_numpy()[:, None] * minutes).sum(axis=0)
    place = int(cost.argmin())
    pupils = int(members["pupils"].sum())
    units = () if is_exempt else tuple(sorted(set(problem.unit_of.reindex(members.index))))
    shape = (
        None if is_exempt else shapely.union_all(problem.units.geometry.loc[list(units)].to_numpy())
    )
    row: dict[str, object] = {
        "n_schools": len(members),
        "n_secondary": int(members["phase"].isin(SECONDARY_PHASES).sum()),
        "pupils": pupils,
        "deviation": None if is_exempt else (pupils - size.target) / size.target,
        "meeting_place_urn": int(members.index[place]),
        "max_minutes": float(minutes[:, place].max()),
        "mean_minutes": float(cost[place] / max(1, pupils)),
        "polsby_popper": None if shape is None else 4 * np.pi * shape.area / shape.length**2,
        "is_contiguous": None if shape is None else shape.geom_type == "Polygon",
        "is_exception": not is_exempt and not size.min_pupils <= pupils <= size.max_pupils,
        "is_exempt": is_exempt,
        "units": units,
        "geometry": shape,
    }
    for layer in problem.authority.layers:
        row[f"home_{layer}"], row[f"misaligned_{layer}_pupils"] = _home(members, layer)
    return row


def make_result(
    *,
    problem: Problem,
    assignment: pd.Series,
    solution: Solution,
    objective: Mapping[str, float] | None = None,
    violations: tuple[Violation, ...] = (),
) -> Result:
    """Score an assignment well enough to be shown."""
    scenario, schools = problem.scenario, problem.authority.schools
    exempt = sorted(set(problem.exempt_of))
    names = [n for n in sorted(set(assignment)) if n not in exempt] + exempt
    rows = [
        {"cluster": name}
        | _cluster_row(problem, schools[(assignment == name).to_numpy()], is_exempt=name in exempt)
        for name in names
    ]
    ids = [f"{scenario.option}-{i:02d}" for i in range(1, len(rows) + 1)]
    clusters = gpd.GeoDataFrame(
        rows, index=pd.Index(ids, name="cluster_id"), geometry="geometry", crs=CRS_METRES
    )
    return Result(
        problem=problem,
        plan=Plan(scenario.option, assignment.rename("cluster"), solution),
        score=Score(clusters, {"n_clusters": len(names) - len(exempt), "unknown": float("nan")}),
        violations=violations,
        objective=objective or {},
        seconds=0.25,
        seed=0,
        stamp="0123456789abcdef",
        caveats=problem.authority.caveats,
    )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Six clusters of three schools in two districts, and a Catholic school."""
    clusters, districts = _territory_parts()
    return Authority(
        key="toyshire",
        name="Toyshire",
        folder=tmp_path_factory.mktemp("toyshire"),
        schools=_register(clusters, districts),
        clusters=None,
        outline=shapely.union_all(clusters.geometry.to_numpy()),
        layers={"district": Layer("district", "Districts", "polygons", polygons=districts)},
        travel=TravelSpec("estimate", 4.0, ((float("inf"), 1.3),), note="An estimate."),
        sources=(Source("Schools of Toyshire", "2019", "Open licence", "The council"),),
        caveats=("Figures are invented.", f"Beware of {NASTY}."),
        inputs={"schools.csv": "ab" * 32, "authority.toml": "cd" * 32},
        data_date="2019-01-17",
    )


@pytest.fixture(scope="session")
def territory(authority: Authority) -> Territory:
    """Give the ground of the authority; cells are not needed to show a plan."""
    clusters, districts = _territory_parts()
    return Territory(
        outline=authority.outline,
        cells=gpd.GeoDataFrame(geometry=[], crs=CRS_METRES),
        clusters=clusters,
        layers={"district": districts},
        findings=("Fen lies in one piece.",),
    )


SCENARIO = {
    "authority": "toyshire",
    "size": {"min_pupils": 2000, "max_pupils": 4000, "target_pupils": 2700, "max_exceptions": 1},
    "count": {"min": 2, "max": 6},
    "travel": {"max_minutes": 35},
    "alignment": {"district": "prefer"},
    "exempt": [{"name": "Catholic schools", "where": {"cluster": "Catholic schools"}}],
    "reasons": {"Fen": "A long way from anywhere."},
}


UNDER = {"pupils": 1400, "under": 600, "least": 2000, "may": 0}


@pytest.fixture(scope="session")
def results(authority: Authority, territory: Territory) -> list[Result]:
    """Today's plan, and one that was solved for, with an exception that has a reason."""
    schools = authority.schools
    keep = make_problem(
        authority=authority,
        territory=territory,
        scenario=SCENARIO | {"title": "Option 1: as they are", "option": "1", "method": "keep"},
    )
    today = make_result(
        problem=keep,
        assignment=schools["cluster"],
        solution=Solution("GIVEN"),
        violations=(Violation("size.min", "Fen", "under_many", UNDER, 1),),
    )
    merge = make_problem(
        authority=authority,
        territory=territory,
        scenario=SCENARIO
        | {
            "title": f"Option 4a: {NASTY}",
            "option": "4a",
            "method": "merge",
            "description": "Join neighbours.",
            "objective": {"order": ["count", "misaligned.district", "pupil_minutes"]},
        },
    )
    joined = {"=Coldham": "=Coldham and Bexford", "Bexford": "=Coldham and Bexford"}
    joined |= {NASTY: NASTY, "Ashby": NASTY, "Elmsett": NASTY}
    stages = (
        Stage("count", "OPTIMAL", 3.0, 3.0, 0.0, 0.01),
        Stage("misaligned.district", "OPTIMAL", 200.0, 200.0, 0.0, 0.01),
        Stage("pupil_minutes", "OPTIMAL", 123.25, 123.25, 0.0, 0.01),
        Stage("tie-break", "OPTIMAL", 7.0, 7.0, 0.0, 0.01),
    )
    solved = make_result(
        problem=merge,
        assignment=schools["cluster"].replace(joined),
        solution=Solution("OPTIMAL", stages, MergeProof(n_units=4, n_candidates=17)),
        objective={"count": 3.0, "misaligned.district": 200.0, "pupil_minutes": 123.25},
    )
    return [today, solved]


@pytest.fixture(scope="session")
def today(results: list[Result]) -> Result:
    """Today's clusters, given."""
    return results[0]


@pytest.fixture(scope="session")
def solved(results: list[Result]) -> Result:
    """Clusters that were solved for."""
    return results[1]


@pytest.fixture(scope="session")
def comparison(results: list[Result]) -> pd.DataFrame:
    """One row a scenario and metric."""
    rows = [
        {
            "scenario": result.plan.label,
            "title": result.problem.scenario.title,
            "metric": metric,
            "value": value,
            "unit": "clusters",
            "status": result.plan.solution.status,
        }
        for result in results
        for metric, value in result.score.metrics.items()
    ]
    rows.append(
        {
            "scenario": "3a",
            "title": "Option 3a: too strict",
            "metric": "n_clusters",
            "value": None,
            "unit": "clusters",
            "status": "INFEASIBLE",
        }
    )
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def nasty() -> str:
    """Give a name that breaks a page which does not show names as text."""
    return NASTY


@pytest.fixture(scope="session")
def make() -> tuple[Callable[..., Problem], Callable[..., Result]]:
    """Give the makers, for tests that need a result of their own."""
    return make_problem, make_result


class _Tags(HTMLParser):
    """Gathers the start tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.style = ""
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {key: value or "" for key, value in attrs}))
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = self._is_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._is_style:
            self.style += data


def _tags(page: str) -> list[tuple[str, dict[str, str]]]:
    parser = _Tags()
    parser.feed(page)
    return parser.found


def _loads(page: str) -> list[str]:
    """Give every address that opening the page would fetch."""
    parser = _Tags()
    parser.feed(page)
    asked = [
        attrs[key]
        for tag, attrs in parser.found
        for key in ("src", "href", "xlink:href", "data", "srcset", "poster")
        if key in attrs and tag != "a"
    ]
    asked += re.findall(r"url\(\s*['\"]?([^'\")]+)", parser.style)
    asked += re.findall(r"@import\s+([^;]+)", parser.style)
    return [address for address in asked if not address.startswith(("data:", "#"))]


@pytest.fixture(scope="session")
def tags() -> Callable[[str], list[tuple[str, dict[str, str]]]]:
    """Give the start tags of a page with their attributes."""
    return _tags


@pytest.fixture(scope="session")
def loads() -> Callable[[str], list[str]]:
    """Give every address that opening a page would fetch."""
    return _loads


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Open an address in a browser without a window, and give the page after its scripts."""
    chromium = program()

    def opened(address: str) -> str:
        profile = tmp_path_factory.mktemp("chromium")
        done = subprocess.run(
            [
                chromium,
                "--headless",
                *FLAGS,
                "--virtual-time-budget=4000",
                "--window-size=1366,768",
                f"--user-data-dir={profile}",
                "--dump-dom",
                address,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    return opened


@dataclass(frozen=True, slots=True, eq=False)
class MadePage:
    """A page as a file, and what it was made from."""

    path: Path
    results: list[Result]
    assignments: pd.DataFrame


@dataclass(slots=True)
class Visit:
    """A page in the browser, with what it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """Share one among all pages that ask for nothing but a size: it takes longer than a page."""
    with chromium.new_context(offline=True) as context:
        yield context


@pytest.fixture
def visit(chromium: Browser, window: BrowserContext) -> Iterator[Callable[..., Visit]]:
    """Open a file without any network; what is left open is closed."""
    opened_here: list[Page | BrowserContext] = []

    def opened(path: Path, address: str = "", **options: Any) -> Visit:
        size = options.pop("viewport", {"width": 1366, "height": 768})
        context = chromium.new_context(offline=True, **options) if options else window
        page = context.new_page()
        opened_here.append(context if options else page)
        page.set_viewport_size(size)
        made = Visit(page)
        page.on("request", lambda request: made.requests.append(request.url))
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: made.complaints.append(said.text) if said.type == "error" else None,
        )
        page.goto(path.as_uri() + address)
        return made

    yield opened
    for one in opened_here:
        one.close()


def _page(folder: Path, results: list[Result], text: str) -> MadePage:
    path = folder / "index.html"
    path.write_text(text, encoding="utf-8")
    return MadePage(path, results, assignments_table(results))


@pytest.fixture(scope="session")
def made_page(tmp_path_factory: pytest.TempPathFactory) -> MadePage:
    """Give the page of the made case of 500 schools and 8 plans."""
    # Its results name their folder, so that stays as long as they do.
    folder = kept_folder() / "made-files"
    folder.mkdir(exist_ok=True)
    results = kept("made", lambda: made_results(folder))
    text = kept("made-page", lambda: index_html(results, pd.DataFrame()))
    return _page(tmp_path_factory.mktemp("made"), results, text)


@pytest.fixture(scope="session")
def norfolk_page(tmp_path_factory: pytest.TempPathFactory) -> MadePage:
    """Give the page of Norfolk with every scenario."""
    results = [surveyed_result(option) for option in OPTIONS]
    text = kept(
        "norfolk-page",
        lambda: index_html(results, pd.DataFrame(), standing=standing_of(results)),
    )
    return _page(tmp_path_factory.mktemp("norfolk"), results, text)
