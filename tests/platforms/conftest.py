"""The fixtures of this room."""

from arm_fixtures import _no_proxies, arc, azure, certificates, hub, serve

__all__ = ["_no_proxies", "arc", "azure", "certificates", "hub", "serve"]
