"""Records as a notebook shows them: ten lines of text, or a table with a map.

A record reaches what stands above it through the package's public names alone, as its reader would.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Self, cast

import cluster_optimiser as co

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

MOST_LINES = 10
SHOWN = ("cluster", "n_schools", "pupils", "meeting_place_urn", "max_minutes", "is_contiguous")
COLOURS = ("#88ccee", "#ddcc77", "#cc6677", "#44aa99", "#aa4499", "#117733", "#999933", "#882255")
SIMPLE_M = 100


def _lines(rows: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Give what there is to say, at most ten lines of one screen's width."""
    said = [(name, " ".join(str(value).split())) for name, value in rows if value not in ("", None)]
    return [(name, f"{v[:77]}..." if len(v) > 80 else v) for name, v in said][:MOST_LINES]  # noqa: PLR2004


def _count(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def _any(record: object) -> Any:  # noqa: ANN401 - a record's fields are declared above
    return record


class Shown:
    """A record that is short as text and a table in a notebook."""

    __slots__ = ()

    def _said(self) -> Iterable[tuple[str, object]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        said = _lines(self._said())
        width = max(len(name) for name, _ in said)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in said)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in _lines(self._said())
        )
        return f"<table>{rows}</table>"


class ShownScenario(Shown):
    """A scenario in a notebook."""

    __slots__ = ()

    def _said(self) -> Iterable[tuple[str, object]]:
        own = _any(self)
        head = ("title", "option", "authority", "method")
        yield "Scenario", f"{own.option}: {own.title}"
        yield "authority", own.authority
        yield "method", f"{own.method}, units {own.units}"
        stated = [key for key in sorted(own.stated) if key not in head]
        tables = {key.partition(".")[0] for key in stated if "." in key}
        for key in stated:
            if key not in tables and key != "description":
                value: Any = own
                for part in key.split("."):
                    value = getattr(value, part)
                yield key, value


class ShownAuthority(Shown):
    """An authority in a notebook."""

    __slots__ = ()

    def _said(self) -> Iterable[tuple[str, object]]:
        own = _any(self)
        phases = own.schools["phase"].value_counts()
        unknown = int((~own.schools["is_pupils_known"]).sum())
        yield "Authority", f"{own.name} ({own.key}), data of {own.data_date}"
        yield (
            "schools",
            f"{len(own.schools):,}: " + ", ".join(f"{n} {p}" for p, n in phases.items()),
        )
        yield (
            "pupils",
            f"{int(own.schools['pupils'].sum()):,}"
            + (f", not known of {_count(unknown, 'school')}" if unknown else ""),
        )
        yield "clusters", own.schools["local_cluster"].nunique()
        yield "layers", ", ".join(own.layers)
        yield "travel", f"{own.travel.method}: {own.travel.note}"
        yield "caveats", _count(len(own.caveats), "caveat")
        changed = [text for text in own.caveats if text.startswith("Not as the register")]
        yield from (("changed", text) for text in changed[-3:])

    def _repr_html_(self) -> str:
        own = _any(self)
        drawn = "" if own.clusters is None else svg_map(own.clusters)
        return f"{Shown._repr_html_(self)}{drawn}"


class ShownUnsolved(Shown):
    """A scenario without a plan, in a notebook."""

    __slots__ = ()

    def _said(self) -> Iterable[tuple[str, object]]:
        own = _any(self)
        yield "Unsolved", f"{own.scenario.option}: {own.scenario.title}"
        yield "status", own.status
        yield "why", own.message


class ShownResult(Shown):
    """A result in a notebook, and what is asked of it there."""

    __slots__ = ()

    def _said(self) -> Iterable[tuple[str, object]]:
        own = _any(self)
        metrics = own.score.metrics
        solved = own.plan.solution.stages
        yield "Result", f"{own.problem.scenario.option}: {own.problem.scenario.title}"
        yield "status", own.status + ("" if not solved else f", {len(solved)} stages")
        yield "clusters", metrics["n_clusters"]
        yield "pupils", f"{metrics['smallest_pupils']:,} to {metrics['largest_pupils']:,} a cluster"
        yield "minutes", metrics["max_minutes"] and f"{metrics['max_minutes']:.1f} at most"
        yield "objective", ", ".join(f"{t} {v:,.10g}" for t, v in own.objective.items())
        yield "rules broken", "; ".join(str(one) for one in own.violations) or "none"
        yield "caveats", _count(len(own.caveats), "caveat")
        yield "stamp", own.stamp

    def _repr_html_(self) -> str:
        frame = self.clusters
        table = frame[[c for c in SHOWN if c in frame]].to_html(max_rows=40, escape=True)
        return f"{Shown._repr_html_(self)}{svg_map(self.to_gdf())}{table}"

    @property
    def status(self) -> str:
        """What is proved of the plan: OPTIMAL, FEASIBLE, or GIVEN."""
        return str(_any(self).plan.solution.status)

    @property
    def is_legal(self) -> bool:
        """Whether the plan keeps every rule of its scenario."""
        return not _any(self).violations

    @property
    def metrics(self) -> pd.Series:
        """Every number of the plan: index metric, missing where not known."""
        import pandas as pd  # noqa: PLC0415 - records are imported where nothing is read

        return pd.Series(_any(self).score.metrics, name="value", dtype="float64")

    @property
    def clusters(self) -> pd.DataFrame:
        """The plan's clusters: index ``cluster_id``, every column of ``clusters.csv``."""
        return cast("pd.DataFrame", _any(self).score.clusters.drop(columns="geometry"))

    @property
    def assignment(self) -> pd.Series:
        """Every school's cluster: index ``urn``, named ``cluster``."""
        return cast("pd.Series", _any(self).plan.assignment.copy())

    def to_gdf(self, of: str = "clusters") -> gpd.GeoDataFrame:
        """Give the plan as areas, or its schools as points.

        Parameters
        ----------
        of
            ``"clusters"``: one row a cluster, index ``cluster_id``; or ``"schools"``: one row a
            school, index ``urn``, with the plan's ``cluster`` beside its ``cluster_today``.

        Returns
        -------
        A copy, in metres; a cluster of exempt schools has no area.

        Raises
        ------
        ValueError
            If ``of`` is neither.
        """
        own = _any(self)
        if of == "clusters":
            return own.score.clusters.copy()
        if of != "schools":
            message = f'of is "clusters" or "schools", not {of!r}'
            raise ValueError(message)
        schools = own.problem.authority.schools.rename(columns={"cluster": "cluster_today"})
        return cast("gpd.GeoDataFrame", schools.assign(cluster=own.plan.assignment))

    def explore(self) -> Any:  # noqa: ANN401 - folium has no types, and only what draws imports it
        """Give the plan as a folium map that works without a network.

        Returns
        -------
        A folium.Map: the last line of a cell shows it, ``.save("map.html")`` writes it.
        """
        return co.plot_plan(_any(self))

    def compare(self, other: Self) -> pd.DataFrame:
        """Put this plan's numbers beside another's.

        Parameters
        ----------
        other
            The other result, of the same authority or of one changed in Python.

        Returns
        -------
        Index metric; a column for each of the two options, ``difference`` (other less this) and
        ``unit``; missing where not known.
        """
        import pandas as pd  # noqa: PLC0415 - records are imported where nothing is read

        own, that = _any(self), _any(other)
        one, two = (co.compare([result]).set_index("metric") for result in (own, that))
        names = [own.problem.scenario.option, that.problem.scenario.option]
        if names[0] == names[1]:
            names[1] = f"{names[1]} (other)"
        columns = {names[0]: one["value"], names[1]: two["value"]}
        made = pd.DataFrame(columns).reindex(one.index.union(two.index, sort=False)).astype(float)
        made["difference"] = made[names[1]] - made[names[0]]
        made["unit"] = one["unit"].combine_first(two["unit"])
        return made

    def moves(self, other: Self) -> pd.DataFrame:
        """List the schools that are with other schools in another plan.

        Parameters
        ----------
        other
            The other result.

        Returns
        -------
        Index ``urn``: ``name``, ``pupils``, ``cluster`` and ``cluster_other``, of each school whose
        cluster does not have the same schools in both; a school in one only has a blank.
        """
        import pandas as pd  # noqa: PLC0415 - records are imported where nothing is read

        own, that = _any(self), _any(other)
        plans = [own.plan.assignment.rename("cluster"), that.plan.assignment]
        both = pd.concat([plans[0], plans[1].rename("cluster_other")], axis=1)
        # A school that closed or opened changes nothing for those it was with.
        shared = both.dropna()
        mates = [shared.groupby(name).groups for name in shared]
        is_same = {
            urn: mates[0][one].equals(mates[1][two])
            for urn, one, two in shared.itertuples(name=None)
        }
        schools = own.problem.authority.schools.combine_first(that.problem.authority.schools)
        moved = [urn for urn in both.index if not is_same.get(urn)]
        return cast("pd.DataFrame", schools[["name", "pupils"]].join(both).loc[moved])


def svg_map(areas: gpd.GeoDataFrame, width: int = 420) -> str:
    """Draw areas, each in a colour of its own, with its name as its title."""
    import shapely  # noqa: PLC0415 - records are imported where nothing is read

    drawn = areas[areas.geometry.notna()]
    if drawn.empty:
        return ""
    left, bottom, right, top = drawn.total_bounds
    scale = width / max(right - left, top - bottom, 1.0)
    names = drawn["cluster"] if "cluster" in drawn else drawn.index.to_series()
    shapes = []
    for i, (name, area) in enumerate(zip(names, drawn.geometry.simplify(SIMPLE_M), strict=True)):
        rings = [
            ring for part in shapely.get_parts(area) for ring in (part.exterior, *part.interiors)
        ]
        d = "".join(
            "M"
            + " ".join(f"{(x - left) * scale:.0f},{(top - y) * scale:.0f}" for x, y in ring.coords)
            + "Z"
            for ring in rings
        )
        colour = COLOURS[i % len(COLOURS)]
        shapes.append(
            f'<path d="{d}" fill="{colour}" fill-rule="evenodd" stroke="#222" '
            f'stroke-width="0.7"><title>{escape(str(name))}</title></path>'
        )
    size = f"{(right - left) * scale:.0f} {(top - bottom) * scale:.0f}"
    label = f"Map of {len(drawn)} areas"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{width}" role="img" '
        f'aria-label="{label}">{"".join(shapes)}</svg>'
    )
