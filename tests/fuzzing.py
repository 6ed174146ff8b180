"""Files of every kind that the program reads, spoilt at random: for a test and for a script."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import zipfile
from typing import TYPE_CHECKING

from cluster_optimiser import cli
from tests.ground import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = {0, 3}
FORMATS = ("geojson", "gpkg", "shp", "fgb", "parquet", "zip")
TEXTS = ("schools.csv", "authority.toml", "minutes.csv", "places.csv", "postcodes.csv", "a.toml")
KINDS = (*FORMATS, "dbf", "shx", "prj", "cpg", *TEXTS)
ODD = (
    b"", b"nan", b"-1", b"1e308", b"inf", b"99999999999999999999", b"\x00", b"\xff\xfe", b'"', b"'",
    b",", b";", b"\r", b"{", b"]", b"null", b"=1+1", b"../../x", b"http://127.0.0.1:9/", b"\xc3",
    b"0", b"\xe2\x80\xae", b"A" * 3000, b"[[" * 500, b"sep=;\n",
)  # fmt: skip


def make_project(home: Path, kind: str) -> Path:
    """Write a right project that reads a file of a kind, and give that file."""
    suffix = kind if kind in FORMATS else "shp" if kind in {"dbf", "shx", "prj", "cpg"} else "gpkg"
    world = World("ABCD", 2, clusters=f"clusters.{suffix}")
    urns = [int(urn) for urn in world.schools["urn"]]
    world.travel = 'method = "matrix"\nfile = "minutes.csv"'
    world.tables = '[places]\nfile = "places.csv"\n[postcodes]\nfile = "postcodes.csv"'
    trips = [f"{a},{b},{abs(a - b) % 40 + 1}" for a in urns for b in urns if a != b]
    world.files = {
        "minutes.csv": "\n".join(["from_urn,to_urn,minutes", *trips]),
        "places.csv": "name,easting,northing,population\nAsh,602000,302000,900\n",
        "postcodes.csv": "postcode,easting,northing\nNR1 1AA,602000,302000\n",
    }
    frame = world.frame()
    if suffix in {"parquet", "zip"}:
        world.clusters = ""
    scenarios = world.write(home)
    folder = home / "boundaries" / "t"
    if suffix == "parquet":
        frame.to_parquet(folder / "clusters.parquet")
    elif suffix == "zip":
        frame.to_file(folder / "z.shp")
        with zipfile.ZipFile(folder / "clusters.zip", "w") as archive:
            for part in sorted(folder.glob("z.*")):
                archive.write(part, part.name)
                part.unlink()
    if not world.clusters:
        toml = folder / "authority.toml"
        text = toml.read_text(encoding="utf-8").replace('file = ""', f'file = "clusters.{suffix}"')
        toml.write_text(text, encoding="utf-8")
    if kind == "a.toml":
        return scenarios / "a.toml"
    return folder / (kind if kind in TEXTS else f"clusters.{kind}")


def spoilt(content: bytes, rnd: random.Random) -> bytes:
    """Spoil bytes in one to four places."""
    made = bytearray(content)
    for _ in range(rnd.randint(1, 4)):
        at = rnd.randrange(len(made) + 1)
        to = min(len(made), at + rnd.choice([0, 1, 4, 40, len(made) // 3]))
        how = rnd.choice(["flip", "odd", "cut", "twice", "swap", "end"])
        if how == "flip" and made:
            made[at % len(made)] ^= 1 << rnd.randrange(8)
        elif how == "odd":
            made[at:to] = rnd.choice(ODD)
        elif how == "cut":
            del made[at:to]
        elif how == "twice":
            made[at:at] = made[at:to]
        elif how == "swap":
            made[at:to] = bytes(rnd.randrange(256) for _ in range(to - at))
        else:
            del made[at:]
    return bytes(made)


class Projects:
    """A right project of each kind, made once and copied for each case."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file_of: dict[str, Path] = {}

    def case(self, number: int) -> tuple[str, Callable[[], tuple[int, str]]]:
        """Give the kind of a case, and what runs it and gives its exit code and words."""
        kind = KINDS[number % len(KINDS)]
        right = self.home / kind
        if kind not in self.file_of:
            self.file_of[kind] = make_project(right, kind).relative_to(right)
        here = self.home / "case"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(right, here)
        file = here / self.file_of[kind]
        file.write_bytes(spoilt(file.read_bytes(), random.Random(number)))
        return kind, lambda: checked(here / "scenarios")


def checked(scenarios: Path) -> tuple[int, str]:
    """Run `check` here and give its exit code and all that it says."""
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            cli.main(["check", str(scenarios), "--json"])
        except SystemExit as left:
            code = int(left.code or 0)
    return code, said.getvalue()
