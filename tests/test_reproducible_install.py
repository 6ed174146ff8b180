"""The lock file pins all that is needed, by hash, and tells nothing of where it was made."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# A requirement is one logical line: name==version [; marker] followed by its hashes.
ENTRIES = [entry.split("--hash=") for entry in LOCK.replace("\\\n", " ").splitlines()]
PINNED = [(Requirement(entry.strip()), hashes) for entry, *hashes in ENTRIES]
NEEDED = [
    Requirement(text)
    for text in (
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *(r for extra in PROJECT["project"]["optional-dependencies"].values() for r in extra),
    )
]


@pytest.mark.parametrize("needed", NEEDED, ids=str)
def test_lock_pins_what_the_project_needs(needed: Requirement) -> None:
    versions = [
        str(pin.specifier).removeprefix("==")
        for pin, _ in PINNED
        if canonicalize_name(pin.name) == canonicalize_name(needed.name)
    ]
    assert versions, f"{needed.name} is not in requirements.lock; run `make lock`"
    assert [v for v in versions if not needed.specifier.contains(v)] == []


def test_every_pin_is_exact_and_hashed() -> None:
    loose = [
        str(pin)
        for pin, hashes in PINNED
        if not re.fullmatch(r"==[\w.+!]+", str(pin.specifier))
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes)
    ]
    assert loose == []


def test_lock_holds_only_names_versions_and_hashes() -> None:
    """No option, address or path: it must install the same from any index on any machine."""
    assert re.findall(r"^\s*(?:-(?!-hash=)|#).*|.*(?:://|\s@\s).*", LOCK, flags=re.MULTILINE) == []
