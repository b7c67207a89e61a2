"""The adapters, one platform each. The only room that talks to endpoints.

Adding a platform is one module here and one row below.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from hybridinv.platforms.adapter import Adapter


@attrs.frozen
class Platform:
    """One row of the registry: a platform's name, and where its adapter is."""

    name: str
    module: str
    adapter: str

    def load(self) -> type[Adapter]:
        """The adapter's class; its SDK is imported now, and not before."""
        found: type[Adapter] = getattr(import_module(self.module), self.adapter)
        return found


PLATFORMS = {
    row.name: row
    for row in (
        Platform("vsphere", "hybridinv.platforms.vsphere", "VSphere"),
        Platform("azure-stack-hub", "hybridinv.platforms.azure_stack_hub", "AzureStackHub"),
        Platform("azure", "hybridinv.platforms.azure", "Azure"),
        Platform("azure-arc", "hybridinv.platforms.azure_arc", "AzureArc"),
    )
}
