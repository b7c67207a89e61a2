"""Fixtures around `ArmServer`, for the conftest of a room of tests."""

import contextlib
import sys
from uuid import uuid4

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import ArmServer, Credential
from certificates import Certificates

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """What an adapter keeps by itself is kept for this test alone, and never where this user's is."""
    folder = tmp_path_factory.getbasetemp() / "caches" / uuid4().hex
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", *(["HOME"] if sys.platform == "darwin" else [])):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def serve(certificates):
    """Starts an endpoint with an estate."""
    with contextlib.ExitStack() as stack:

        def start(estate=None, **options):
            server = ArmServer(estate or Estate(), certificates, **options)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server

        yield start


@pytest.fixture
def azure(certificates):
    """An Azure adapter for a server; `arc` and `hub` likewise."""
    with contextlib.ExitStack() as stack:

        def make(server, kind=hi.Azure, **options):
            options = {"credential": Credential(), "ca_file": certificates.ca_file, "endpoint": server.url, **options}
            return stack.enter_context(kind(**options))

        yield make


@pytest.fixture
def arc(azure):
    return lambda server, **options: azure(server, hi.AzureArc, **options)


@pytest.fixture
def hub(azure):
    return lambda server, **options: azure(server, hi.AzureStackHub, **options)
