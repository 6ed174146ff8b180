"""Settings that every test shares."""

import pytest
from hypothesis import settings

# The same cases on every machine, and no time limit: a slow machine is not a failure.
SAME = {"derandomize": True, "deadline": None, "database": None}
settings.register_profile("default", max_examples=25, **SAME)
# make test-thorough
settings.register_profile("thorough", max_examples=100, **SAME)
# For hunting by hand: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("default")


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """Keep what is kept between runs away from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("CLUSTER_OPTIMISER_CACHE", str(folder))
        yield folder
