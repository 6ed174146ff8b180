"""Downloading, against a server on this machine that answers like Overpass."""

import json
import os
import socket
import time
from pathlib import Path

import pandas as pd
import pytest
import shapely

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads import download
from cluster_optimiser.inputs.roads.download import FILTERS, Patience, download_ways, make_tiles
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from tests.overpass import BASE_DATE, Overpass, serving

MAP = Path(__file__).parents[2] / "data" / "roads" / "two_villages.osm"
AREA = shapely.box(600_500, 300_500, 620_500, 311_000)
"""The map, on one tile, which is asked for roads and for ferries."""

N_QUESTIONS = len(FILTERS)

QUESTION = '"highway"~"." (poly:\'52.4 0.8 52.4 1.3 52.8 1.3 52.8 0.8\')'
"""Asks the fake server for every road of its map."""

WIDE = shapely.box(599_000, 299_000, 621_000, 311_000)
"""The map with the corner of four tiles in it."""

N_WIDE = 4 * N_QUESTIONS


@pytest.fixture
def overpass():
    return Overpass(MAP)


@pytest.fixture
def server(overpass):
    with serving(overpass) as url:
        yield url


@pytest.fixture
def slept():
    """Count the seconds that would be slept."""
    return []


def patient(slept, **changes):
    return Patience(sleep=slept.append, **changes)


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
    assert not slept


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
    assert slept == [15, 30, 60]
    assert len(overpass.queries) == N_QUESTIONS + 3
    assert len(table(ways)) == len(table(read_osm(MAP)[0]))
    assert sum("the server is busy" in words for words in told) == 3


def test_the_server_says_how_long_to_wait(overpass, server, tmp_path, slept):
    overpass.faults = [(429, {"Retry-After": "100"}, "")]
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert slept == [100]


def test_pauses_end_at_the_longest(overpass, server, tmp_path, slept):
    overpass.faults = [(504, {}, "")] * 7
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept, n_tries=8))
    assert slept == [15, 30, 60, 120, 240, 240, 240]


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


def refused(url):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/api"


PERMANENT = {
    "403": ((403, {}, "Forbidden"), None, "or a proxy before it, answers 403"),
    "407": ((407, {}, ""), None, "or a proxy before it, answers 407"),
    "sign-in": ((200, {}, "<html><title>Sign in</title></html>"), None, "web page .*sign in"),
    "TLS": (None, lambda url: url.replace("http:", "https:"), "stands between here and the server"),
    "no server": (None, refused, "cannot be reached: the connection is refused"),
}


@pytest.mark.parametrize("kind", PERMANENT)
def test_a_lasting_refusal_ends_at_once_and_says_what_to_do(
    kind, overpass, server, tmp_path, slept
):
    fault, changed, words = PERMANENT[kind]
    overpass.faults = [fault] if fault else []
    url = changed(server) if changed else server
    with pytest.raises(InputError, match=words) as caught:
        download_ways(AREA, folder=tmp_path, url=url, patience=patient(slept))
    for named in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "IT department", "127.0.0.1:"):
        assert named in str(caught.value)
    assert f"to 127.0.0.1, port {url.split(':')[2].split('/')[0]}," in str(caught.value)
    assert len(overpass.queries) == (1 if fault else 0)
    assert not slept


def test_a_round_of_redirects_ends_at_once(overpass, server, tmp_path, slept):
    overpass.faults = [(307, {"Location": f"{server}/interpreter"}, "")] * 40
    with pytest.raises(InputError, match="without end, as where one has to sign in"):
        download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert not slept


def test_a_name_that_nobody_knows_ends_at_once(tmp_path, slept, monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    url = "http://overpass.invalid/api"
    with pytest.raises(InputError, match="no address is known for its name"):
        download_ways(AREA, folder=tmp_path, url=url, patience=patient(slept))
    assert not slept


def cuts(overpass):
    """Answers that are not all there, each with HTTP 200, as a proxy or a full disk leaves them."""
    whole = json.loads(overpass.answer(QUESTION))
    text = json.dumps(whole)
    ways = [item for item in whole["elements"] if item["type"] == "way"]
    fewer = [item for item in whole["elements"] if item is not ways[0]]
    yield 200, {}, text[: len(text) // 2]
    yield 200, {"Content-Length": str(len(text))}, text[: len(text) // 2]
    yield 200, {}, json.dumps({**whole, "elements": fewer})
    yield 200, {}, json.dumps({"elements": ways})
    yield 200, {}, ""
    yield 200, {}, json.dumps({"elements": []})
    yield 200, {"X-Slow": "yes", "Content-Length": "100000"}, text[:100]


@pytest.mark.parametrize("number", range(7))
def test_an_answer_that_is_not_whole_is_asked_for_again(number, overpass, server, tmp_path, slept):
    overpass.faults = [list(cuts(overpass))[number]]
    ways, _ = download_ways(
        AREA, folder=tmp_path, url=server, patience=patient(slept, timeout_s=0.5)
    )
    assert len(overpass.queries) == N_QUESTIONS + 1
    assert len(table(ways)) == len(table(read_osm(MAP)[0]))


def test_turns_that_are_forbidden_are_downloaded_too(overpass, server, tmp_path, slept):
    members = [
        {"type": "way", "ref": 101, "role": "from"},
        {"type": "node", "ref": overpass.ways[0]["nodes"][-1], "role": "via"},
        {"type": "way", "ref": 102, "role": "to"},
    ]
    tags = {"type": "restriction", "restriction": "no_right_turn"}
    overpass.relations = [{"type": "relation", "id": 1, "members": members, "tags": tags}]
    ways, _ = download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert ways.turns == {(101, members[1]["ref"], 102, False)}


def test_a_wrong_address_is_not_asked_again(overpass, server, tmp_path, slept):
    overpass.faults = [(404, {}, "not here")]
    with pytest.raises(InputError, match=r"answers 404 .* Check the address"):
        download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert len(overpass.queries) == 1


def test_where_there_is_no_road_it_is_said(server, tmp_path, slept):
    sea = shapely.box(700_000, 299_000, 701_000, 300_000)
    with pytest.raises(InputError, match="the server has no roads there"):
        download_ways(sea, folder=tmp_path, url=server, patience=patient(slept))


def test_the_server_is_told_who_asks(overpass, server, tmp_path, slept):
    download_ways(AREA, folder=tmp_path, url=server, patience=patient(slept))
    assert all(agent.startswith("cluster-optimiser/") for agent in overpass.agents)
    assert download.OVERPASS_URL.startswith("https://")
