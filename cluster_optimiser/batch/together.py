"""Whether what speaks of all scenarios together still stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch.ledger import RECORD_FILE, Options, hash_file
from cluster_optimiser.constants import THEME_FILE
from cluster_optimiser.errors import put
from cluster_optimiser.identity import digest, key_of, library_versions, program_version
from cluster_optimiser.scenario import authority_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome


PAGES = "pages"
"""Key of the record that names pages which users put into the folder: no run wrote them."""


def together_key(outcomes: Sequence[Outcome], options: Options) -> str:
    """Give the hash of everything that the comparison and the page are made from."""
    themes = {}
    for outcome in outcomes:
        theme = authority_folder(outcome.scenario) / THEME_FILE
        if theme.is_file():
            themes[theme.parent.name] = digest(theme.read_bytes())
    parts = {
        "runs": [
            [
                outcome.scenario.option,
                outcome.failure,
                # Where the maps are is of no matter: what they are made from is in these.
                *(hash_file(outcome.folder / name) for name in ("manifest.json", "plan.csv")),
            ]
            for outcome in outcomes
        ],
        "themes": themes,
        "outputs": options.outputs,
        "program": program_version(),
        "libraries": library_versions(),
    }
    return key_of(parts)


def still_stands(out: Path, key: str) -> bool:
    """Tell whether the comparison in a results folder is that of a key, unchanged since."""
    try:
        record = json.loads((out / RECORD_FILE).read_text(encoding="utf-8"))
        return record["key"] == key and all(
            hash_file(out / name) == hashed for name, hashed in record["files"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def sign(
    out: Path,
    key: str,
    names: Sequence[str],
    labels: Sequence[str],
    *,
    pages: Mapping[str, Mapping[str, str]],
) -> None:
    """Write down what the comparison was made from, and the hash of everything it speaks of."""
    record = {
        "key": key,
        "files": {name: hash_file(out / name) for name in sorted(names)},
        "runs": {label: hash_file(out / label / RECORD_FILE) for label in sorted(labels)},
    }
    if own := {name: page for name, page in pages.items() if name not in names}:
        record[PAGES] = own
    put(out / RECORD_FILE, record_text(record))


def pages_of(out: Path) -> dict[str, dict[str, str]]:
    """Give the pages that users put into a results folder: hash, and key of what they are of."""
    try:
        record = json.loads((out / RECORD_FILE).read_text(encoding="utf-8"))
        return {n: {"hash": str(p["hash"]), "key": str(p["key"])} for n, p in record[PAGES].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def record_text(record: Mapping[str, Any]) -> str:
    """Give the record of a results folder as the text of its file, sealed by its own hash."""
    content = {key: value for key, value in record.items() if key != "seal"}
    return json.dumps({**content, "seal": key_of(content)}, ensure_ascii=False, indent=1) + "\n"
