# The command line and the studio as a plain user. Build: docker build -t cluster-optimiser .
# Run in a project:   docker run --rm -v "$PWD:/project" cluster-optimiser run scenarios --out results
# The studio listens on this computer alone, so it shares the computer's network:
#   docker run --rm --network host -v "$PWD:/project" cluster-optimiser studio . --no-browser
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir hatchling && \
    pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.12-slim
COPY requirements.lock /tmp/requirements.lock
COPY --from=build /wheels /wheels
# The lock is a constraint: what was tested is what runs, without the tools of the tests.
RUN sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' /tmp/requirements.lock > /tmp/constraints.txt && \
    wheel="$(ls /wheels/*.whl)" && \
    pip install --no-cache-dir --constraint /tmp/constraints.txt "${wheel}[report,parquet,dask,studio]" && \
    rm -rf /wheels /tmp/requirements.lock /tmp/constraints.txt && \
    useradd --create-home --uid 1000 analyst
USER analyst
WORKDIR /project
ENTRYPOINT ["cluster-optimiser"]
CMD ["--help"]
