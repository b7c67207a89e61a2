"""One read of all machines of a vCenter, in a process of its own: `python vsphere_peers.py PEER`, JSON in, JSON out.

Each logs in first and reads the hosts or nothing; what is measured is the machines, from the first request to the last.
"""

from __future__ import annotations

import json
import os
import re
import resource
import ssl
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv.transport import property_collector
from hybridinv.transport.client import Network
from hybridinv.transport.vmomi import stream
from hybridinv.wire.vim.paths import property_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PAGE = 500


class Counted(Network):
    """The network, and how many requests went over it."""

    def __init__(self, ca_file: str) -> None:
        super().__init__(verify=True, ca_file=ca_file, thumbprint=None)
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return super().handle_request(request)


def _peak_mib() -> float:
    # What getrusage says begins with the peak of the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(read: Callable[[], Any]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    kept = read()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "count": len(kept)}


def _adapter(way: dict[str, Any], **more: Any) -> hi.VSphere:
    return hi.VSphere(
        way["host"], port=way["port"], username=way["username"], password=os.environ["SIMULATOR_PASSWORD"], **more
    )


def hybridinv(way: dict[str, Any]) -> dict[str, Any]:
    """`VSphere.vms()`."""
    wire = Counted(way["ca_file"])
    with _adapter(way, transport=wire) as vcenter:
        vcenter.datastores()
        before, requests = _peak_mib(), wire.requests
        result = _measured(vcenter.vms)
        return {**result, "mib": _peak_mib() - before, "requests": wire.requests - requests}


def bare(way: dict[str, Any]) -> dict[str, Any]:
    """The same requests one after the other, and the bytes of the answers thrown away."""
    with _adapter(way, ca_file=way["ca_file"]) as vcenter:
        vcenter.datastores()
        content = vcenter._session.content
        size = 0

        def fetch() -> range:
            nonlocal size
            count = 0
            for kind in ("tree", "vms"):
                paths = property_paths(kind, content.about.apiVersion, "summary")
                view = property_collector.view_of(content, paths)
                objects = list(property_collector.held(content.propertyCollector, view, paths).items())
                properties = property_collector.properties_of(paths)
                options = property_collector._collector.RetrieveOptions(maxObjects=PAGE)
                for start in range(0, len(objects), PAGE):
                    spec = property_collector._filter(objects[start : start + PAGE], properties)
                    with stream(content.propertyCollector, "RetrievePropertiesEx", [spec], options) as chunks:
                        size += sum(map(len, chunks))
                view.DestroyView()
                count = len(objects)
            return range(count)

        return {**_measured(fetch), "bytes": size}


def pyvmomi(way: dict[str, Any]) -> dict[str, Any]:
    """pyVmomi's own PropertyCollector calls, over its own connection, for the same properties."""
    from pyVim.connect import Disconnect, SmartConnect
    from pyVmomi import VmomiSupport, vim, vmodl

    instance = SmartConnect(
        host=way["host"], port=way["port"], user=way["username"], pwd=os.environ["SIMULATOR_PASSWORD"],
        sslContext=ssl.create_default_context(cafile=way["ca_file"]),
    )  # fmt: skip
    content, collector = instance.content, vmodl.query.PropertyCollector

    def objects(kind: str) -> list[Any]:
        paths = property_paths(kind, content.about.apiVersion, "summary")
        types = [VmomiSupport.GetWsdlType("urn:vim25", name) for name in paths]
        view = content.viewManager.CreateContainerView(content.rootFolder, types, True)
        into = collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
        spec = collector.FilterSpec(
            objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[into])],
            propSet=[
                collector.PropertySpec(type=type_, pathSet=leaves)
                for type_, leaves in zip(types, paths.values(), strict=True)
            ],
        )
        page = content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=PAGE))
        found = list(page.objects)
        while page.token:
            page = content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
            found += page.objects
        view.DestroyView()
        return found

    def read() -> list[Any]:
        objects("tree")
        return objects("vms")

    try:
        return _measured(read)
    finally:
        Disconnect(instance)


def paths(way: dict[str, Any]) -> list[str]:
    """The property paths that are asked of a machine."""
    with _adapter(way, ca_file=way["ca_file"]) as vcenter:
        return property_paths("vms", vcenter._session.content.about.apiVersion, "summary")["VirtualMachine"]


if __name__ == "__main__":
    PEERS = {"hybridinv": hybridinv, "bare": bare, "pyvmomi": pyvmomi, "paths": paths}
    print(json.dumps(PEERS[sys.argv[1]](json.load(sys.stdin))))
