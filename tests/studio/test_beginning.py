"""A new authority from files that are sent to the studio."""

import http.client
import json

import pytest

from cluster_optimiser.studio.guard import Door
from tests.inputs.intake.dirt import Files
from tests.script_types import misdeclared
from tests.studio.conftest import broken_rules, served


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Open a studio of an empty folder."""
    root = tmp_path_factory.mktemp("empty")
    with served(root, lambda port: Door("right-token", port)) as opened:
        yield opened


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("downloads")).write()


def send(opened, name, content, kind="application/octet-stream"):
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=60)
    headers = {"Content-Type": kind, "X-Token": opened.token}
    connection.request("POST", f"/api/upload?file={name}", content, headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_files_that_are_sent_become_an_authority_whose_scenarios_open(empty, request_of, tmp_path):
    schools = send(empty, request_of.schools.name, request_of.schools.read_bytes())[1]["file"]
    layer = request_of.layers[0].path
    sent = send(empty, layer.name, layer.read_bytes())[1]["file"]
    asked = {
        "authority": "Calderbeck",
        "schools": schools,
        "layers": [{"name": "district", "file": sent}],
    }
    status, made = empty.ask("/api/begin", asked)
    assert (status, made["key"]) == (200, "calderbeck")
    assert any("12" in line and "all taken" in line for line in made["lines"])
    assert not any("cluster-optimiser run" in line for line in made["lines"])
    assert "scenarios/calderbeck/1.toml" in made["scenarios"]
    assert (empty.root / "boundaries/calderbeck/district.geojson").is_file()
    assert misdeclared(tmp_path, {"Answers['api/begin']": made}).splitlines() == []
    status, page = empty.ask("/check/calderbeck")
    assert status == 200
    assert "Made High School" in page
    assert "Calderbeck" in empty.ask("/")[1]
    solved = empty.ask("/api/solve", {"file": made["scenarios"][0]})
    assert solved[0] == 200
    again = empty.ask("/api/begin", asked)
    assert again[0] == 422
    assert "the folder is there already" in again[1]["faults"][0]


def test_from_a_register_and_a_boundary_file_to_a_proved_plan(chromium, tmp_path, request_of):
    with served(tmp_path, lambda port: Door("right-token", port)) as opened:
        page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.goto(opened.url)
        page.get_by_role("link", name="authority").click()
        page.fill("#authority", "Calderbeck")
        page.set_input_files("#schools", request_of.schools)
        page.set_input_files("#layer-0", request_of.layers[0].path)
        page.click("#go")
        page.wait_for_selector("#made:not([hidden])")
        assert broken_rules(page) == []
        page.click("#made li a")
        page.wait_for_selector("html[data-shown]")
        assert "clusters" in page.inner_text("#outcome")
        # The studio serves it without scripts, and its rules cannot be tried there.
        page.goto((tmp_path / "boundaries/calderbeck/check.html").as_uri())
        assert broken_rules(page) == []
        page.context.close()


def test_before_its_script_runs_the_button_cannot_be_pressed(chromium, empty):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(empty.url)
    page.get_by_role("link", name="authority").click()
    assert page.is_disabled("#go")
    context.close()


def test_what_stands_in_the_way_is_told_and_nothing_is_made(empty):
    broken = send(empty, "schools.csv", b"URN;Schule\n1;a\n")[1]["file"]
    status, told = empty.ask("/api/begin", {"authority": "Nowhere", "schools": broken})
    assert status == 422
    assert told["faults"]
    assert not (empty.root / "boundaries" / "nowhere").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"authority": "A", "schools": "../../../etc/passwd"},
        {"authority": "A", "schools": "missing/file.csv"},
        {"authority": ["A"], "schools": "x"},
        {"authority": "A", "schools": "x", "layers": "x"},
        {"authority": "A", "schools": "x", "layers": ["x"]},
    ],
)
def test_only_files_that_were_sent_are_read(empty, asked):
    status, told = empty.ask("/api/begin", asked)
    assert status == 422
    assert told["error"]


@pytest.mark.parametrize("name", ["..%2Fx.csv", ".hidden", "a%00b", "", "x" * 130])
def test_names_that_are_none(empty, name):
    assert send(empty, name, b"")[0] == 422


def test_a_form_of_another_site_cannot_send_a_file(empty):
    assert send(empty, "a.csv", b"x", kind="text/plain")[0] == 415
    for key in ("..%2F..%2Fetc", "nowhere"):
        assert empty.ask(f"/check/{key}")[0] == 404
