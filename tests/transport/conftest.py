"""The fixtures of this room."""

import pytest

from arm_estate import Estate
from arm_fixtures import _no_proxies, _own_cache, arc, azure, certificates, hub, serve

__all__ = ["_no_proxies", "_own_cache", "arc", "azure", "certificates", "hub", "serve", "server"]


@pytest.fixture
def server(serve):
    """An endpoint with one small open answer, to `GET /metadata/endpoints`."""
    estate = Estate()
    estate.metadata = {"fine": True}
    return serve(estate)
