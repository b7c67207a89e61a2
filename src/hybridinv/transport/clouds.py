"""The public and sovereign clouds: where ARM is, who gives tokens; and the credential where none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import httpx

from hybridinv.errors import NotSupported

if TYPE_CHECKING:
    from hybridinv.transport.client import Wire
    from hybridinv.transport.tokens import Credential


@attrs.frozen
class Cloud:
    """Where a cloud's ARM endpoint and login are."""

    endpoint: str
    authority: str


CLOUDS = {
    "AzureCloud": Cloud("https://management.azure.com", "https://login.microsoftonline.com"),
    "AzureUSGovernment": Cloud("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
    "AzureChinaCloud": Cloud("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
}


def cloud_of(name: str, endpoint: str | None) -> Cloud:
    """The cloud of that name; `endpoint` takes the place of its ARM endpoint."""
    if not isinstance(name, str) or name not in CLOUDS:
        raise NotSupported(
            f"there is no cloud {name!r}",
            remedy=f"use one of {', '.join(CLOUDS)}, with endpoint= for any other; a Hub has its own adapter",
        )
    cloud = CLOUDS[name]
    return cloud if endpoint is None else attrs.evolve(cloud, endpoint=base_url(endpoint))


def base_url(endpoint: str) -> str:
    """`management.example.com` as `https://management.example.com`; anything but HTTPS is refused."""
    if not isinstance(endpoint, str):
        raise NotSupported(
            f"an endpoint is a text, not {type(endpoint).__name__}", remedy="pass its address: https://…"
        )
    text = endpoint.strip() if "://" in endpoint else f"https://{endpoint.strip()}"
    try:
        parts = urlsplit(text)
        address = httpx.URL(f"{parts.scheme}://{parts.netloc}" if parts.port != 0 else "")
    except (ValueError, httpx.InvalidURL):  # the first for a port that is none, too
        address = httpx.URL("")
    if address.userinfo:
        raise NotSupported("an endpoint holds no user name and no password", remedy="pass credential= instead")
    if parts_of_more(text):
        raise NotSupported(f"{endpoint!r:.80} is more than an address", remedy="leave out what follows the host")
    if address.scheme != "https" or not address.host:
        raise NotSupported(f"{endpoint!r} is not an HTTPS endpoint", remedy="tokens travel over TLS only: https://…")
    return f"https://{address.netloc.decode()}"


def parts_of_more(text: str) -> bool:
    """Whether an address has a path, a query or spaces: nothing here would be asked below them."""
    parts = urlsplit(text)
    return bool(parts.path.strip("/") or parts.query or parts.fragment) or any(map(str.isspace, text))


def host_of(endpoint: str) -> str:
    """The host of an endpoint, with its port where it has one: what `source` is."""
    return urlsplit(endpoint).netloc


def default_credential(wire: Wire, authority: str, *, private: bool = False) -> Credential:
    """azure-identity's DefaultAzureCredential over our wire; `private` for authorities Entra ID does not know of."""
    from azure.identity import DefaultAzureCredential

    from hybridinv.transport.azure_core import HttpxTransport

    options: dict[str, Any] = {"disable_instance_discovery": True} if private else {}
    return DefaultAzureCredential(
        authority=authority,
        transport=HttpxTransport(wire, writes=True),
        exclude_interactive_browser_credential=True,
        retry_connect=0,  # the wire has tried it again already
        **options,
    )
