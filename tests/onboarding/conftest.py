"""An ARM endpoint on this machine, and adapters for it."""

from arm_fixtures import _no_proxies, _own_cache, arc, azure, certificates, serve

__all__ = ["_no_proxies", "_own_cache", "arc", "azure", "certificates", "serve"]
