"""Scenarios of Threeshire, and running them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cluster_optimiser.batch import Options, load_batch, run_batch, write_together
from cluster_optimiser.batch.ledger import hash_file
from cluster_optimiser.batch.pools import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.batch import Outcome

BEST = '[objective]\norder = ["count", "pupil_minutes"]\n'
IMPOSSIBLE = "[size]\nmin_pupils = 9000\nmax_pupils = 9001\n"


def put(folder: Path, option: str, *lines: str, method: str = "merge") -> Path:
    """Write a scenario: head, more lines, and an objective where it needs one."""
    head = f'title = "Option {option}"\noption = "{option}"\nauthority = "threeshire"\n'
    best = BEST if method == "merge" else ""
    path = folder / f"{option}.toml"
    path.write_text("\n".join([f'{head}method = "{method}"', *lines, best]), encoding="utf-8")
    return path


def run_into(out: Path, *paths: Path, pool: Pool | None = None, **options: object) -> list[Outcome]:
    """Run scenarios, then write what speaks of all of them."""
    how = Options(**options)
    outcomes = run_batch(load_batch(paths), out, pool or Pool(), how)
    write_together(outcomes, out, how)
    return outcomes


def hashes(out: Path) -> dict[str, str]:
    """Give the hash of every file below a folder; of a manifest without its seconds."""
    return {
        path.relative_to(out).as_posix(): hash_file(path)
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def seconds_of(out: Path, option: str) -> float:
    """Give how long an option took: it tells whether it was run again."""
    record = json.loads((out / option / "manifest.json").read_text(encoding="utf-8"))
    return float(record["seconds"])
