"""A studio that others in the network may use: passwords, viewers, names."""

import http.client
from urllib.parse import urlencode

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.studio import guard
from cluster_optimiser.studio.guard import LOCAL, Door, Passwords
from cluster_optimiser.studio.serving import Network, names_of, passwords_of
from tests.studio.conftest import broken_rules, served

CHANGE, LOOK = "three words that change", "three words that look"


@pytest.fixture
def shared(world):
    """Open a studio that asks for a password."""

    def door(port):
        return Door("change-token", port, LOCAL, "http", Passwords(CHANGE, LOOK), "look-token")

    with served(world, door) as opened:
        yield opened


def ask(opened, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=60)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def sign_in(opened, password):
    form = "application/x-www-form-urlencoded"
    sent = urlencode({"password": password})
    return ask(opened, "POST", "/sign-in", sent, Content_Type=form)


def cookie_of(answer):
    return answer.headers["set-cookie"].partition(";")[0]


def test_whoever_has_no_password_is_asked_for_it_and_gets_nothing_else(shared):
    for path in ("/", "/work?open=scenarios/4a.toml"):
        answer, text = ask(shared, "GET", path)
        assert (answer.status, answer.headers["location"], text) == (303, "/sign-in", "")
    answer, text = ask(shared, "GET", "/sign-in")
    assert answer.status == 200
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    # Else a browser sends "Origin: null" with the form, which is refused.
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "Threeshire" not in text
    assert ask(shared, "GET", "/static/studio.css")[0].status == 200
    assert ask(shared, "GET", "/api/events")[0].status == 403
    assert ask(shared, "GET", "/static/studio.js")[0].status == 403


def test_a_viewer_solves_and_changes_nothing(shared):
    answer, _ = sign_in(shared, LOOK)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = cookie_of(answer)
    page = ask(shared, "GET", "/work?open=scenarios/4a.toml", Cookie=cookie)[1]
    assert "data-look>" in page
    given = {"token": "", "Cookie": cookie}
    solved = shared.ask("/api/solve", {"scenario": {"extends": "4a.toml"}}, **given)
    assert (solved[0], solved[1]["status"]) == (200, "OPTIMAL")
    for path in guard.WRITES:
        status, told = shared.ask(path, {"file": "scenarios/4a.toml", "own": {}}, **given)
        assert status == 403
        assert "change nothing" in told["error"]


def test_the_pages_of_a_viewer_are_accessible(shared, chromium):
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"http://127.0.0.1:{shared.port}/")
    assert broken_rules(page) == []
    page.fill("input[name=password]", LOOK)
    page.press("input[name=password]", "Enter")
    page.get_by_role("link", name="4a").click()
    page.wait_for_selector("html[data-shown]")
    assert page.locator("#save").is_hidden()
    assert broken_rules(page) == []
    page.context.close()


def test_who_may_change_may(shared):
    cookie = cookie_of(sign_in(shared, CHANGE)[0])
    page = ask(shared, "GET", "/work?open=scenarios/4a.toml", Cookie=cookie)[1]
    assert "data-look>" not in page
    assert '<span id="title">Few &lt;img src=x onerror=alert(1)&gt; clusters</span>' in page
    state = {"file": "scenarios/4a.toml", "state": {}}
    assert shared.ask("/api/keep", state, token="", Cookie=cookie)[0] == 200


def test_passwords_cannot_be_guessed_for_ever(shared, monkeypatch):
    monkeypatch.setattr(guard, "MOST_GUESSES", 2)
    for _ in range(2):
        answer, text = sign_in(shared, "wrong")
        assert answer.status == 403
        assert "set-cookie" not in answer.headers
    assert "not the password" in text
    assert sign_in(shared, CHANGE)[0].status == 403
    other = "https://elsewhere.example"
    assert ask(shared, "POST", "/sign-in", "password=x", Origin=other)[0].status == 403


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("short\n", "a password of 5 letters"),
        ("", "a password of 0 letters"),
        (f"{CHANGE}\nshort\n", "a password of 5 letters"),
        (f"{CHANGE}\n{CHANGE}\n", "have one password"),
    ],
)
def test_passwords_that_are_none(tmp_path, lines, problem):
    path = tmp_path / "words.txt"
    path.write_text(lines)
    with pytest.raises(InputError, match=problem):
        passwords_of(Network(password_file=path))


def test_a_network_needs_a_password_and_a_certificate_its_key(tmp_path):
    with pytest.raises(InputError) as caught:
        passwords_of(Network("::", certificate=tmp_path / "none.pem"))
    assert [fault.subject for fault in caught.value.faults] == [
        "--host",
        "--tls-cert",
        "--tls-cert",
    ]
    with pytest.raises(InputError, match="cannot be read"):
        passwords_of(Network(password_file=tmp_path / "none"))
    assert passwords_of(Network()) is None


def test_it_answers_to_its_own_names_alone(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text(f"{CHANGE}\n{LOOK}\n")
    network = Network("192.0.2.7", names=("Planning.example",), password_file=path)
    assert passwords_of(network) == Passwords(CHANGE, LOOK)
    names = names_of(network)
    assert names[:2] == ("192.0.2.7", "planning.example")
    assert "studio.example" not in names
    assert "127.0.0.1" in names_of(Network("::"))
    assert names_of(Network("::1"))[0] == "[::1]"
