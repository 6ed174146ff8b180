"""The lock file pins all that is needed, by hash, and tells nothing of where it was made."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
NEEDED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(need for extra, needs in EXTRAS.items() if extra != "bench" for need in needs),
]
LOCKS = {
    "requirements.lock": NEEDED,
    "requirements-bench.lock": [*NEEDED, *EXTRAS["bench"]],
}


def _text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def _pins(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Read a lock file: a pin is one logical line, name==version, followed by its hashes."""
    entries = [e.split("--hash=") for e in _text(lock).replace("\\\n", " ").splitlines()]
    return [(Requirement(entry.strip()), hashes) for entry, *hashes in entries]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_what_the_project_needs(lock: str) -> None:
    pins = _pins(lock)
    for needed in map(Requirement, LOCKS[lock]):
        versions = [
            str(pin.specifier).removeprefix("==")
            for pin, _ in pins
            if canonicalize_name(pin.name) == canonicalize_name(needed.name)
        ]
        assert versions, f"{needed.name} is not in {lock}; run `make lock`"
        assert [v for v in versions if not needed.specifier.contains(v)] == [], needed.name


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    loose = [
        str(pin)
        for pin, hashes in _pins(lock)
        if not re.fullmatch(r"==[\w.+!]+", str(pin.specifier))
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes)
    ]
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_only_names_versions_and_hashes(lock: str) -> None:
    """No option, address or path: it must install the same from any index on any machine."""
    found = re.findall(
        r"^\s*(?:-(?!-hash=)|#).*|.*(?:://|\s@\s).*", _text(lock), flags=re.MULTILINE
    )
    assert found == []
