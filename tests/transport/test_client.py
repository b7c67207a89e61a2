"""The client factory: TLS, pinned thumbprints, proxies, timeouts, and its life."""

import pickle
import socket
import socketserver
import ssl
import threading
import time
import warnings

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate
from hybridinv.transport.client import Wire
from hybridinv.transport.deadline import deadline
from misbehaviour import Silence, as_kind

METADATA = {"authentication": {"loginEndpoint": "https://login.example/", "audiences": ["https://a"]}}


@pytest.fixture
def server(serve):
    estate = Estate()
    estate.metadata = METADATA
    return serve(estate)


@pytest.fixture
def ask():
    """Asks the server's one open address over a wire with the given options."""
    wires = []

    def get(server, **options):
        wires.append(Wire("here", **options))
        url = server if isinstance(server, str) else server.url
        return wires[-1].request("GET", f"{url}/metadata/endpoints?api-version=1.0").json()

    yield get
    for wire in wires:
        wire.close()


class Listener:
    """A TLS server that never answers, and keeps every byte that comes after the handshake."""

    def __init__(self, certificates):
        self.received, self.done = b"", threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._listen, args=(certificates.server_context(),), daemon=True).start()

    def _listen(self, context):
        plain, _ = self.socket.accept()
        self.socket.close()
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(2)
                self.received += connection.recv(4096)
        except OSError:
            pass
        finally:
            self.done.set()


class Proxy(socketserver.ThreadingTCPServer):
    """A CONNECT proxy that leads everything to one server; or refuses."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target=None):
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.target, self.asked = target, []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, *_):
        pass


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.asked.append(self.rfile.readline().decode().strip())
        while self.rfile.readline().strip():
            pass
        if self.server.target is None:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(self.server.target) as there:
            back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join(2)


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def proxy():
    proxies = []

    def start(target=None):
        proxies.append(Proxy(target))
        return proxies[-1]

    yield start
    for one in proxies:
        one.shutdown()
        one.server_close()


# TLS


def test_an_untrusted_certificate_is_an_error_that_names_both_ways_out(server, ask):
    with pytest.raises(hi.TLSFailed) as caught:
        ask(server)
    assert "unable to get local issuer certificate" in caught.value.message
    assert "ca_file=" in caught.value.remedy
    assert "thumbprint=" in caught.value.remedy
    assert caught.value.source == "here"
    assert server.seen == []


def test_a_ca_file_makes_it_trusted(server, ask, certificates):
    assert ask(server, ca_file=certificates.ca_file) == METADATA


def test_a_trusted_certificate_for_another_name_is_refused(server, ask, certificates, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy(("127.0.0.1", server.server_port)).url)
    with pytest.raises(hi.TLSFailed, match=r"not valid for 'other\.example'"):
        ask("https://other.example:1", ca_file=certificates.ca_file)


@pytest.mark.parametrize("content", ["", "not a certificate", None])
def test_a_ca_file_that_cannot_be_used_is_named(server, ask, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(hi.TLSFailed, match=r"ca\.pem cannot be used") as caught:
        ask(server, ca_file=path)
    assert "PEM" in caught.value.remedy


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("separator", [":", "", " "])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_the_right_thumbprint_is_enough_in_any_spelling(server, ask, certificates, algorithm, separator, case):
    assert ask(server, thumbprint=case(certificates.thumbprint(algorithm, separator))) == METADATA


@pytest.mark.parametrize("thumbprint", ["AA:" * 19 + "AA", "00" * 32])
def test_a_wrong_thumbprint_is_refused_and_the_real_one_shown(server, ask, certificates, thumbprint):
    algorithm = "sha1" if len(thumbprint) == 59 else "sha256"
    with pytest.raises(hi.TLSFailed) as caught:
        ask(server, thumbprint=thumbprint)
    assert certificates.thumbprint(algorithm) in caught.value.message
    assert server.seen == []


@pytest.mark.parametrize(
    "spelling",
    ["sha256 Fingerprint={}", "SHA256 Fingerprint={}", "SHA256:{}", "SHA-256: {}", " {}\n", "\u200e{}", "\t{} "],
)
def test_a_thumbprint_as_other_programs_print_it(server, ask, certificates, spelling):
    for separator in (":", "-", " "):
        assert ask(server, thumbprint=spelling.format(certificates.thumbprint("sha256", separator))) == METADATA


@pytest.mark.parametrize(
    "thumbprint",
    ["garbage", "AA:BB", "zz" * 32, "a" * 63, "", b"aa" * 32, 5, "SHA1:" + "aa" * 32, "SHA256:" + "A" * 43],
)
def test_what_is_no_thumbprint_is_said_to_be_none(server, ask, thumbprint):
    with pytest.raises(hi.TLSFailed, match="is not a thumbprint") as caught:
        Wire("here", thumbprint=thumbprint)
    assert "openssl x509" in caught.value.remedy


def test_nothing_of_ours_is_sent_before_the_pin_is_checked(certificates, ask):
    listener = Listener(certificates)
    with pytest.raises(hi.TLSFailed, match="thumbprint mismatch"):
        ask(listener.url, thumbprint="00" * 32)
    assert listener.done.wait(5)
    assert listener.received == b""


def test_the_listener_would_have_seen_a_request(certificates, ask):
    listener = Listener(certificates)
    with deadline(1), pytest.raises((hi.TruncatedAnswer, hi.ConnectFailed)):
        ask(listener.url, thumbprint=certificates.thumbprint())
    assert listener.received.startswith(b"GET /metadata/endpoints")


def test_the_pin_is_checked_through_a_proxy_too(server, ask, proxy, monkeypatch, certificates):
    monkeypatch.setenv("HTTPS_PROXY", proxy(("127.0.0.1", server.server_port)).url)
    assert ask(server, thumbprint=certificates.thumbprint()) == METADATA
    with pytest.raises(hi.TLSFailed, match="thumbprint mismatch"):
        ask(server, thumbprint="00" * 32)


def test_verify_false_trusts_anybody_and_says_so(server, ask):
    with pytest.warns(UserWarning, match="verify=False"):
        assert ask(server, verify=False) == METADATA


def test_the_warning_points_at_the_line_that_asked_for_it():
    for kind in (hi.VSphere, hi.AzureStackHub):
        with pytest.warns(UserWarning, match="verify=False") as caught:
            kind("here.example", verify=False)
        assert {one.filename for one in caught} == {__file__}


def test_a_pinned_certificate_needs_no_warning(server, ask, certificates):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ask(server, thumbprint=certificates.thumbprint())
    assert [one for one in caught if one.category is UserWarning] == []


def test_a_port_that_speaks_no_tls_is_not_called_an_untrusted_certificate(ask, proxy):
    with pytest.raises(hi.TLSFailed, match="no TLS with") as caught:
        ask(proxy().url.replace("http:", "https:"))
    assert "ca_file" not in caught.value.remedy


# Addresses


def test_an_unknown_host_is_named(ask):
    with pytest.raises(hi.ConnectFailed, match=r"no host 'vc\.invalid'") as caught:
        ask("https://vc.invalid")
    assert "check the name" in caught.value.remedy


def test_a_closed_port_is_named(ask):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(hi.ConnectFailed, match=f"nothing answers at 127.0.0.1:{port}") as caught:
        ask(f"https://127.0.0.1:{port}")
    assert "firewall" in caught.value.remedy


@pytest.mark.parametrize("address", ["https://", "https://a b/", "https://host:notaport"])
def test_what_is_no_address_is_one_of_our_errors(ask, address):
    with pytest.raises(hi.ConnectFailed):
        ask(address)


# Proxies


def test_the_proxy_of_the_environment_is_used(server, ask, proxy, monkeypatch, certificates):
    way = proxy(("127.0.0.1", server.server_port))
    monkeypatch.setenv("HTTPS_PROXY", way.url)
    assert ask("https://localhost:1", ca_file=certificates.ca_file) == METADATA
    assert way.asked == ["CONNECT localhost:1 HTTP/1.1"]


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY"])
def test_a_proxy_may_be_named_without_a_scheme(server, ask, proxy, monkeypatch, certificates, name):
    way = proxy(("127.0.0.1", server.server_port))
    monkeypatch.setenv(name, way.url.removeprefix("http://"))
    ask(server, ca_file=certificates.ca_file)
    assert len(way.asked) == 1


@pytest.mark.parametrize("exception", ["127.0.0.1", "127.0.0.1:{port}", "*"])
def test_no_proxy_is_honoured(server, ask, proxy, monkeypatch, certificates, exception):
    way = proxy(("127.0.0.1", server.server_port))
    monkeypatch.setenv("HTTPS_PROXY", way.url)
    monkeypatch.setenv("NO_PROXY", exception.format(port=server.server_port))
    assert ask(server, ca_file=certificates.ca_file) == METADATA
    assert way.asked == []


def test_a_proxy_that_refuses_is_named_as_the_one_that_does(ask, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy().url)
    with pytest.raises(hi.ConnectFailed, match=r"the proxy 127\.0\.0\.1:\d+ refuses the way to localhost:1") as caught:
        ask("https://localhost:1")
    assert "NO_PROXY" in caught.value.remedy


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("127.0.0.1:1", "the proxy 127.0.0.1:1 on the way to localhost:2 cannot be reached"),
        (
            "proxy.invalid",
            "the proxy proxy.invalid:80 on the way to localhost:2 cannot be reached: there is no host 'proxy.invalid'",
        ),
    ],
)
def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(ask, monkeypatch, place, says):
    monkeypatch.setenv("HTTPS_PROXY", f"http://u:hunter2secret@{place}")
    with deadline(3), pytest.raises(hi.ConnectFailed) as caught:
        ask("https://localhost:2")
    assert says in caught.value.message
    assert "HTTPS_PROXY" in caught.value.remedy
    assert "hunter2secret" not in str(caught.value)


def test_an_untrusted_certificate_behind_a_proxy_is_the_endpoints(server, ask, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy(("127.0.0.1", server.server_port)).url)
    with pytest.raises(hi.TLSFailed, match=r"of localhost:1 by way of the proxy 127\.0\.0\.1:\d+ is not trusted"):
        ask("https://localhost:1")


@pytest.mark.parametrize("value", ["gopher://u:hunter2secret@proxy:70", "http://u:hunter2secret@proxy:port"])
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_password(ask, monkeypatch, value):
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(hi.ConnectFailed, match="proxy") as caught:
        ask("https://localhost:1")
    assert "hunter2secret" not in str(caught.value)


# Arguments


class Secret:
    def __repr__(self):
        return "hunter2secret"


@pytest.mark.parametrize(
    "options",
    [
        *({"timeout": odd} for odd in (0, -1, float("nan"), float("inf"), 1e12, "60", None, True)),
        *({"transport": odd} for odd in (httpx.Client(), httpx.AsyncHTTPTransport(), "https://proxy", Secret(), 0)),
        *({"transport": odd} for odd in (httpx.HTTPTransport, httpx.MockTransport)),
        *({"verify": odd} for odd in ("ca.pem", None, 0, 1)),
        *({"ca_file": odd} for odd in (5, b"ca.pem", True)),
        {"thumbprint": "aa" * 32, "ca_file": "ca.pem"},
        {"thumbprint": "aa" * 32, "verify": False},
    ],
    ids=" ".join,
)
def test_arguments_that_cannot_work_are_refused_at_once(options):
    for adapter in (Wire, hi.VSphere):
        with pytest.raises(hi.NotSupported, match=f"{max(options)}") as caught:
            adapter("here.example", **options)
        assert caught.value.remedy
        assert "hunter2secret" not in str(caught.value)


# Time, and life


def test_an_endpoint_that_says_nothing_is_given_up(server, ask, certificates):
    server.misbehave("metadata", as_kind(Silence))
    began = time.monotonic()
    with pytest.raises(hi.ConnectFailed, match="no answer in time") as caught:
        ask(server, ca_file=certificates.ca_file, timeout=0.3)
    assert "timeout=" in caught.value.remedy
    assert time.monotonic() - began < 8
    assert server.counts["metadata"] == 1


def test_no_redirect_is_followed(server, certificates):
    server.misbehave("metadata", lambda _: redirect(server))
    with_ca = Wire("here", ca_file=certificates.ca_file)
    answer = with_ca.request("GET", f"{server.url}/metadata/endpoints?api-version=1.0")
    with_ca.close()
    assert (answer.status_code, len(server.seen)) == (302, 1)


def redirect(server):
    from misbehaviour import Reply

    return Reply(302, b"", {"Location": f"{server.url}/elsewhere"})


def test_one_client_is_made_for_many_threads():
    wire = Wire("here", transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    gate, made = threading.Barrier(16), []

    def use():
        gate.wait()
        made.append(wire.client)

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(map(id, made))) == 1


def test_a_closed_wire_opens_again(server, certificates):
    wire = Wire("here", ca_file=certificates.ca_file)
    for _ in range(2):
        assert wire.request("GET", f"{server.url}/metadata/endpoints?api-version=1.0").status_code == 200
        wire.close()
    wire.close()


def test_a_given_transport_is_used_and_never_closed():
    class Given(httpx.MockTransport):
        closed = False

        def close(self):
            self.closed = True

    given = Given(lambda request: httpx.Response(200, json={"host": request.url.host}))
    wire = Wire("here", transport=given)
    assert wire.request("GET", "https://anything.invalid/").json() == {"host": "anything.invalid"}
    wire.close()
    assert not given.closed


def test_a_wire_can_be_pickled_in_use(server, certificates):
    wire = Wire("here", ca_file=certificates.ca_file)
    url = f"{server.url}/metadata/endpoints?api-version=1.0"
    wire.request("GET", url)
    copy = pickle.loads(pickle.dumps(wire))
    assert copy.request("GET", url).status_code == 200
    wire.close()
    assert copy.request("GET", url).status_code == 200
    copy.close()


def test_a_body_that_cannot_be_decompressed_is_one_of_our_errors():
    broken = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip"))
    )
    with pytest.raises(hi.UnexpectedAnswer, match="/x: the answer cannot be decompressed"):
        Wire("here", transport=broken).request("GET", "https://anything.invalid/x")


def test_the_context_speaks_no_old_tls():
    from hybridinv.transport.tls import tls_context

    for context in (tls_context(), tls_context(thumbprint="00" * 32)):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
