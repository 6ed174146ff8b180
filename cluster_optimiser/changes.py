"""An authority otherwise: schools taken away, closed, opened, or with other pupils.

Nothing is changed in place. What was changed is said with every number of the copy, and is part of
what tells its runs from others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.identity import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

CHANGE = "changed in Python: "
"""What inputs that are no files begin with."""


def _refuse(problems: Sequence[tuple[str, str, str]]) -> None:
    if problems:
        raise InputError([Fault("the authority", 0, *one) for one in problems])


def _not_there(schools: gpd.GeoDataFrame, urns: Sequence[int]) -> list[tuple[str, str, str]]:
    remedy = "Use a URN of authority.schools."
    return [(f"URN {u}", "there is no such school", remedy) for u in urns if u not in schools.index]


class Changeable:
    """What can be changed of an authority in Python."""

    __slots__ = ()
    if TYPE_CHECKING:
        schools: gpd.GeoDataFrame

    def _changed(self, schools: gpd.GeoDataFrame, text: str) -> Self:
        own: Any = self
        inputs = {**own.inputs, f"{CHANGE}{text}": digest(text.encode())}
        caveats = (*own.caveats, f"Not as the register has it: {text}.")
        return cast("Self", replace(own, schools=schools, inputs=inputs, caveats=caveats))

    def _name(self, urn: int) -> str:
        return f"{self.schools.loc[urn, 'name']} (URN {urn})"

    def without(self, *urns: int) -> Self:
        """Give a copy without some schools, as if they had never been.

        Parameters
        ----------
        *urns
            URNs of the schools. Their pupils are gone with them; see `close` for pupils that move.

        Returns
        -------
        The copy.

        Raises
        ------
        InputError
            If a URN is not known, or no school would be left.
        """
        schools = self.schools
        _refuse(_not_there(schools, urns))
        if set(schools.index) <= set(urns):
            _refuse([("", "no school would be left", "Take fewer away.")])
        named = ", ".join(self._name(urn) for urn in urns)
        return self._changed(schools.drop(index=list(urns)), f"without {named}")

    def with_pupils(self, pupils: Mapping[int, int] | pd.Series) -> Self:
        """Give a copy in which schools have other pupils.

        Parameters
        ----------
        pupils
            URN -> pupils (a dict, or a series with URNs as its index), for some schools or all.

        Returns
        -------
        The copy. Figures of need (support, meals) stay as they are.

        Raises
        ------
        InputError
            If a URN is not known, or pupils are no whole number from 0 on.
        """
        schools = self.schools
        new: dict[Any, Any] = {urn: value for urn, value in pupils.items()}  # noqa: C416 - a series
        wrong = [
            (f"URN {urn}", f"{value!r} is no number of pupils", "Give a whole number from 0 on.")
            for urn, value in new.items()
            if isinstance(value, bool) or value != value or value < 0 or value != int(value)  # noqa: PLR0124 - not a number
        ]
        _refuse(_not_there(schools, [*new]) + wrong)
        changed = schools.copy()
        changed.loc[[*new], "pupils"] = [int(value) for value in new.values()]
        changed.loc[[*new], "is_pupils_known"] = True
        before, after = int(schools["pupils"].sum()), int(changed["pupils"].sum())
        mark = digest(repr(sorted((int(u), int(v)) for u, v in new.items())).encode())[:8]
        text = f"{len(new)} schools have other pupils, {after:,} in all instead of {before:,}"
        return self._changed(changed, f"{text} (figures {mark})")

    def close(self, urn: int, *, into: int | None = None) -> Self:
        """Give a copy in which a school is closed.

        Parameters
        ----------
        urn
            The school that closes.
        into
            The school that its pupils go to; without it they leave the authority.

        Returns
        -------
        The copy. Its figures of need (support, meals) are not moved to the other school.

        Raises
        ------
        InputError
            If a URN is not known, or a school would close into itself.
        """
        schools = self.schools
        _refuse(_not_there(schools, [urn] if into is None else [urn, into]))
        if urn == into:
            _refuse([(f"URN {urn}", "a school cannot close into itself", "Name another.")])
        if len(schools) == 1:
            _refuse([(f"URN {urn}", "no school would be left", "Keep one.")])
        pupils = int(schools.loc[urn, "pupils"])
        left = schools.drop(index=urn)
        where = "gone"
        if into is not None:
            left.loc[into, "pupils"] += pupils
            where = f"at {self._name(into)}"
        return self._changed(
            left, f"{self._name(urn)} is closed, its {pupils:,} pupils are {where}"
        )

    def open(
        self,
        urn: int,
        *,
        name: str,
        phase: str,
        pupils: int,
        easting: float,
        northing: float,
        **columns: object,
    ) -> Self:
        """Give a copy with one more school.

        Parameters
        ----------
        urn
            A number that no school has.
        name, phase, pupils
            As in the register.
        easting, northing
            Where it stands, in metres of the reference system of the authority.
        **columns
            More columns of the register, such as ``cluster``. A cluster or an area of a layer
            that is not given is that of the polygon it stands in, else of the nearest school.

        Returns
        -------
        The copy.

        Raises
        ------
        InputError
            If the URN is taken, the place is outside, or a value is not allowed.
        """
        import geopandas as gpd  # noqa: PLC0415 - records are imported where nothing is read
        import pandas as pd  # noqa: PLC0415
        from shapely.geometry import Point  # noqa: PLC0415

        from cluster_optimiser.constants import PHASES  # noqa: PLC0415

        own: Any = self
        schools, point = own.schools, Point(easting, northing)
        wrong = []
        if urn in schools.index:
            wrong.append((f"URN {urn}", "another school has it", "Choose a free number."))
        if phase not in PHASES:
            wrong.append(("phase", f'unknown phase "{phase}"', f"Use one of {', '.join(PHASES)}."))
        if isinstance(pupils, bool) or pupils < 0 or pupils != int(pupils):
            wrong.append(("pupils", f"{pupils!r} is no number of pupils", "Give a whole number."))
        if not own.outline.covers(point):
            remedy = f"Give metres of {schools.crs.name}."
            wrong.append(("easting", "it stands outside of the authority's outline", remedy))
        unknown = sorted(set(columns) - set(schools.columns))
        wrong += [(key, "the register has no such column", "Leave it out.") for key in unknown]
        _refuse(wrong)
        nearest = schools.geometry.distance(point).idxmin()
        row: dict[str, Any] = dict.fromkeys(schools.columns)
        row |= {"name": name, "phase": phase, "pupils": int(pupils), "is_pupils_known": True}
        row["cluster"] = row["local_cluster"] = (
            _holding(own.clusters, point) or schools.loc[nearest, "local_cluster"]
        )
        for layer in own.layers.values():
            area = _holding(layer.polygons, point) or schools.loc[nearest, f"layer.{layer.name}"]
            row[f"layer.{layer.name}"] = layer.mapping.get(row.get(f"layer.{layer.base}"), area)
        row |= columns
        if "local_cluster" not in columns:
            row["local_cluster"] = row["cluster"]
        row["geometry"] = point
        index = pd.Index([urn], dtype=schools.index.dtype, name="urn")
        new = gpd.GeoDataFrame([row], index=index, crs=schools.crs)
        both = pd.concat([schools.astype(object), new.astype(object)]).sort_index()
        both = both.astype({c: schools[c].dtype for c in ("pupils", "is_pupils_known")})
        made = gpd.GeoDataFrame(both, geometry="geometry", crs=schools.crs)
        home = f"in {row['cluster']}" + ("" if "cluster" in columns else ", by where it stands")
        return self._changed(made, f"{name} (URN {urn}) is opened with {pupils:,} pupils {home}")


def _holding(areas: gpd.GeoDataFrame | None, point: object) -> str | None:
    """Give the area that a point lies in, if polygons are known and one of them holds it."""
    held = [] if areas is None else [str(a) for a in areas.index[areas.geometry.covers(point)]]
    return held[0] if held else None
