"""The script that changes core modules changes one place at a time."""

import ast
import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "mutate.py"
SOURCE = """if a < b < c and d < 1:
    n = 2 + 3 + x
elif y in z:
    n += 4
MOST = 1_000
"""


def test_each_place_is_changed_by_itself() -> None:
    """Operators of one kind are one object to Python: they must not change together."""
    spec = importlib.util.spec_from_file_location("mutate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    mutate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutate)
    n_places = len(mutate.places(ast.parse(SOURCE)))
    found = {mutate.changed(SOURCE, number)[0] for number in range(n_places)}
    assert {text.splitlines()[0] for text in found if "n = 2 + 3 + x" in text} >= {
        "if a <= b < c and d < 1:",
        "if a < b <= c and d < 1:",
        "if a < b < c and d <= 1:",
        "if a < b < c and d < 2:",
        "if a < b < c or d < 1:",
        "if not (a < b < c and d < 1):",
    }
    assert {"    n = 2 - 3 + x", "    n = 2 + 3 - x"} <= {text.splitlines()[1] for text in found}
    assert len(found) == n_places == 14
