"""Settings that every test shares."""

import pytest
from hypothesis import settings

# The same cases on every machine, and no time limit: a slow machine is not a failure.
settings.register_profile("default", derandomize=True, deadline=None, database=None)
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
