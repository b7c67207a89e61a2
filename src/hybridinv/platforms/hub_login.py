"""Signing in at an Azure Stack Hub: what its endpoint says of itself, and a credential where none is given."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from hybridinv.errors import ServerFault
from hybridinv.transport.clouds import default_credential
from hybridinv.wire import arm as wire

if TYPE_CHECKING:
    from hybridinv.transport.client import Wire
    from hybridinv.transport.tokens import Credential

_ENDPOINTS = "/metadata/endpoints"
_VERSION = "2015-01-01"
_ADFS = "adfs"
"""What azure-identity and MSAL take for the tenant of AD FS, which has none."""


def ask_endpoints(wire_: Wire, endpoint: str) -> wire.Endpoints:
    """The login endpoint and the audience that a Hub's ARM endpoint names; asked without a token."""
    url = httpx.URL(endpoint + _ENDPOINTS, params={"api-version": _VERSION})
    response = wire_.request("GET", url)
    if response.status_code != 200:
        raise ServerFault(
            f"{url.host} answers {response.status_code} to {_ENDPOINTS}",
            status=response.status_code,
            remedy="give the ARM endpoint of the Hub: https://management.<region>.<fqdn>",
            source=wire_.source,
            operation=f"GET {_ENDPOINTS}",
        )
    return wire.read_endpoints(response.content, endpoint=endpoint)


def hub_credential(wire_: Wire, found: wire.Endpoints) -> Credential:
    """The credential where the caller gave none: DefaultAzureCredential, and for AD FS what of it can be used there."""
    parts = urlsplit(found.login)
    authority = f"{parts.scheme}://{parts.netloc}"
    return AdfsCredential(wire_, authority) if found.is_adfs else default_credential(wire_, authority, private=True)


class AdfsCredential:
    """A service principal of AD FS from the environment, else whoever is logged in at the Azure CLI or PowerShell.

    `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`, or `AZURE_CLIENT_CERTIFICATE_PATH`, are enough; `AZURE_TENANT_ID` is
    not asked for. The authority is the Hub's own, and Microsoft's list of authorities is not.
    """

    def __init__(self, wire_: Wire, authority: str) -> None:
        self._wire = wire_
        self._authority = authority
        self._lock = threading.Lock()
        self._made: Any = None

    def get_token(self, *scopes: str) -> Any:
        """The token, with `expires_on`."""
        with self._lock:
            self._made = self._made or self._chain()
        return self._made.get_token(*scopes)

    def _chain(self) -> Any:
        from azure.identity import AzureCliCredential, AzurePowerShellCredential, ChainedTokenCredential

        return ChainedTokenCredential(*self._principals(), AzureCliCredential(), AzurePowerShellCredential())

    def _principals(self) -> list[Any]:
        from azure.identity import CertificateCredential, ClientSecretCredential

        from hybridinv.transport.azure_core import HttpxTransport

        names = ("ID", "SECRET", "CERTIFICATE_PATH", "CERTIFICATE_PASSWORD")
        client, secret, certificate, password = (os.environ.get(f"AZURE_CLIENT_{name}") for name in names)
        options: dict[str, Any] = {
            "authority": self._authority,
            "disable_instance_discovery": True,
            "transport": HttpxTransport(self._wire, writes=True),
            "retry_connect": 0,  # the wire has tried it again already
        }
        if client and secret:
            return [ClientSecretCredential(_ADFS, client, secret, **options)]
        if client and certificate:
            return [CertificateCredential(_ADFS, client, certificate, password=password, **options)]
        return []
