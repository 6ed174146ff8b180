"""A studio with a certificate: made by ourselves, and trusted by nobody else."""

import http.client
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cluster_optimiser.studio import serving
from cluster_optimiser.studio.serving import Network

TLS = Path(__file__).parents[1] / "data" / "tls"


@pytest.fixture
def secure(world, monkeypatch):
    """Serve the project as the command does, over TLS; gives its address."""
    servers, told, is_up = [], [], threading.Event()

    class Kept(serving.uvicorn.Server):
        def __init__(self, config):
            super().__init__(config)
            servers.append(self)

    def on_start(url, _token):
        told.append(url)
        is_up.set()

    monkeypatch.setattr(serving.uvicorn, "Server", Kept)
    network = Network(certificate=TLS / "cert.pem", key=TLS / "key.pem")
    asked = {"port": 0, "on_start": on_start, "network": network, "n_workers": 0}
    thread = threading.Thread(target=serving.run, args=(world,), kwargs=asked, daemon=True)
    thread.start()
    assert is_up.wait(60)
    yield urlsplit(told[0])
    servers[0].should_exit = True
    thread.join(10)


def ask(address, *, trusts, **headers):
    context = ssl.create_default_context(cafile=TLS / "cert.pem" if trusts else None)
    connection = http.client.HTTPSConnection(address.netloc, timeout=60, context=context)
    try:
        connection.request("GET", f"/?{address.query}", headers=headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()
    finally:
        connection.close()


def test_a_studio_with_a_certificate_is_spoken_to_over_tls_alone(secure):
    assert secure.scheme == "https"
    answer, text = ask(secure, trusts=True)
    assert (answer.status, "Threeshire" in text) == (200, True)
    assert "Secure" in answer.headers["set-cookie"]
    own = f"https://{secure.netloc}"
    assert ask(secure, trusts=True, Origin=own)[0].status == 200
    for headers in ({"Origin": own.replace("https", "http")}, {"Host": "studio.example"}):
        assert ask(secure, trusts=True, **headers)[0].status == 403
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(secure, trusts=False)
    plain = http.client.HTTPConnection(secure.netloc, timeout=60)
    plain.request("GET", "/")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        plain.getresponse()
    plain.close()
