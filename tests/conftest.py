"""Settings that every test shares."""

from hypothesis import settings

# The same cases on every machine, and no time limit: a slow machine is not a failure.
settings.register_profile("default", derandomize=True, deadline=None, database=None)
# For hunting by hand: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("default")
