"""How hard the tests search: a share of the cases by default, all of them when asked."""

from hypothesis import settings

SHARE = 8
"""One case in so many is enough for every edit."""


def examples(n: int) -> int:
    """Give how many cases a test tries that tries ``n`` with ``make test-thorough``."""
    return n if settings.default.max_examples >= 100 else max(4, n // SHARE)
