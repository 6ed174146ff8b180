"""Downloading, against a server on this machine that answers like Overpass."""

import os
import socket
import time
from pathlib import Path

import osmnx
import pandas as pd
import pytest
import shapely

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads import download
from cluster_optimiser.inputs.roads.download import Patience, download_ways, make_tiles
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from tests.overpass import BASE_DATE, Overpass, serving

MAP = Path(__file__).parents[2] / "data" / "roads" / "two_villages.osm"
AREA = shapely.box(600_500, 300_500, 620_500, 311_000)
"""The map, on one tile, which is asked for roads and for ferries."""

N_QUESTIONS = 2

WIDE = shapely.box(599_000, 299_000, 621_000, 311_000)
"""The map with the corner of four tiles in it."""

N_WIDE = 8


@pytest.fixture
def overpass():
    return Overpass(MAP)


@pytest.fixture
def server(overpass):
    with serving(overpass) as url:
        yield url


@pytest.fixture
def slept(monkeypatch):
    """Count the seconds that would be slept, by us and by osmnx."""
    pauses = []
    monkeypatch.setattr(osmnx._overpass.time, "sleep", pauses.append)
    return pauses


def patient(slept, **changes):
    return Patience(sleep=slept.append, **changes)


def long(slept):
    """Pauses in which anything was waited for; osmnx asks for pauses of 0 s too."""
    return [pause for pause in slept if pause]


def table(ways):
    frame = build_network(ways, {}).roads
    shapes = [shapely.to_wkt(shape, rounding_precision=2) for shape in frame.geometry]
    frame = pd.DataFrame(frame.drop(columns=["geometry", "from_node", "to_node"]))
    return frame.assign(shape=shapes).sort_values(["way", "shape"]).reset_index(drop=True)


def test_a_download_is_what_the_same_map_is_on_disk(server, tmp_path, slept):
    """Ways that cross tiles are put together again; barriers and one-way streets are the same."""
    assert len(make_tiles(WIDE)) == 4
    ways, date = download_ways(WIDE, folder=tmp_path, url=server, patience=patient(slept))
    from_disk, _ = read_osm(MAP)
    pd.testing.assert_frame_equal(table(ways), table(from_disk), check_exact=False, atol=1e-6)
    assert date == BASE_DATE[:10]
    assert not long(slept)


def test_tiles_fill_the_area_and_do_not_depend_on_it():
    tiles = make_tiles(WIDE)
    assert shapely.union_all(tiles).symmetric_difference(WIDE).area < 1
    wider = make_tiles(WIDE.buffer(40_000, join_style="mitre"))
    edges = {round(x) for tile in wider for x in tile.bounds[::2]}
    assert {round(tile.bounds[2]) for tile in tiles} <= edges | {621_000}


@pytest.mark.parametrize(
    "fault",
    [
        (429, {}, "too many requests"),
        (504, {}, "gateway timeout"),
        (503, {}, "no"),
        (200, {}, "<html>the server is probably too busy</html>"),
        (200, {}, '{"elements": [], "remark": "runtime error: Query timed out"}'),
    ],
)
def test_a_busy_server_is_asked_again_after_longer_and_longer_pauses(
    overpass, server, tmp_path, slept, fault
):
    overpass.faults = [fault] * 3
    told = []
    ways, _ = download_ways(
        AREA, folder=tmp_path, url=server, patience=patient(slept), told=told.append
    )
    assert long(slept) == [15, 30, 60]
    assert len(overpass.queries) == N_QUESTIONS + 3
    assert len(table(ways)) == len(table(read_osm(MAP)[0]))
    assert sum("the server is busy" in words for words in told) == 3


def test_the_server_says_how_long_to_wait(overpass, server, tmp_path, slept):
    overpass.faults = [(429, {"Retry-After": "100"}, "")]
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert long(slept) == [100]


def test_pauses_end_at_the_longest(overpass, server, tmp_path, slept):
    overpass.faults = [(504, {}, "")] * 7
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept, n_tries=8))
    assert long(slept) == [15, 30, 60, 120, 240, 240, 240]


def test_a_slot_that_is_free_later_is_waited_for(overpass, server, tmp_path, slept):
    overpass.status = "Slot available after: 2099-01-01T00:00:00Z, in 9 seconds."
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(long(slept)) == N_QUESTIONS


def test_a_server_that_never_answers_is_given_up_and_what_came_is_kept(
    overpass, server, tmp_path, slept
):
    good = overpass.answer
    overpass.faults = []
    asked = []

    def answer(query):
        asked.append(query)
        if len(asked) == 4:
            overpass.faults = [(504, {}, "")] * 6
        return good(query)

    overpass.answer = answer
    with pytest.raises(InputError, match="did not answer 6 times: it answers 504") as caught:
        download_ways(WIDE, folder=tmp_path, url=server, patience=patient(slept))
    assert "what has been downloaded is kept" in str(caught.value)
    overpass.queries.clear()
    ways, _ = download_ways(WIDE, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == N_WIDE - 4
    assert len(table(ways)) == len(table(read_osm(MAP)[0]))


def test_what_was_downloaded_is_not_asked_for_again_for_a_week(overpass, server, tmp_path, slept):
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == N_QUESTIONS
    eight_days_ago = time.time() - 8 * 86_400
    for file in tmp_path.rglob("*.json"):
        os.utime(file, (eight_days_ago, eight_days_ago))
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == 2 * N_QUESTIONS


def test_a_piece_that_was_cut_off_while_being_written_is_asked_for_again(
    overpass, server, tmp_path, slept
):
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    piece = max(tmp_path.rglob("*.json"), key=lambda file: file.stat().st_size)
    piece.write_text(piece.read_text()[:100])
    ways, _ = download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == N_QUESTIONS + 1
    assert len(table(ways)) == len(table(read_osm(MAP)[0]))


def test_no_server_at_all_is_one_fault(tmp_path, slept):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Without a server its status cannot be asked either: osmnx waits, and we give up.
    with pytest.raises(InputError, match="it cannot be reached"):
        download_ways(
            AREA,
            folder=tmp_path,
            url=f"http://127.0.0.1:{port}/api",
            patience=patient(slept, n_tries=2),
        )


def test_a_wrong_address_is_not_asked_again(overpass, server, tmp_path, slept):
    overpass.faults = [(404, {}, "not here")]
    with pytest.raises(InputError, match=r"answers 404 .* Check the address"):
        download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == 1


def test_where_there_is_no_road_it_is_said(server, tmp_path, slept):
    sea = shapely.box(700_000, 299_000, 701_000, 300_000)
    with pytest.raises(InputError, match="the server has no roads there"):
        download_ways(sea, folder=tmp_path, url=server, patience=patient(slept))


def test_osmnx_and_the_process_are_left_as_they_were(overpass, server, tmp_path, slept):
    before = {key: getattr(osmnx.settings, key) for key in vars(osmnx.settings) if key[0] != "_"}
    lookup = socket.getaddrinfo
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert {key: getattr(osmnx.settings, key) for key in before} == before
    assert socket.getaddrinfo is lookup
    assert all(agent.startswith("cluster-optimiser/") for agent in overpass.agents)
    assert download.OVERPASS_URL.startswith("https://")
