"""The fixtures of this room."""

from arm_fixtures import _no_proxies, _own_cache, arc, azure, certificates, hub, serve

__all__ = ["_no_proxies", "_own_cache", "arc", "azure", "certificates", "hub", "serve"]
