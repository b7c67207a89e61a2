"""An estate in which every text that a platform sends is hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import hybridinv as hi

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = {"platform": "vsphere", "source": "vc01"}
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "web\u202e10bew",
    "bell\x07\x00nul\x1b[31m",
    "{{ 7*7 }}{% raw %}",
    "--><!--<script>",
    "]]>&lt;b&gt;&#x3c;",
    "\u2028\u2029line",
    "lone \ud800 surrogate",
)
LONG = (
    "W" * 36, "W" * 50, "x" * 300, "\ufdfa" * 36, "\ufdfa" * 50, "\u6f22\u5b57" * 18, "\u6f22\u5b57" * 40,
    "management.utrecht.hub.example.test-" * 3, "guestToolsRunning, guestToolsCurrent",
)  # fmt: skip
"""Names without a place to break, in wide letters too."""


def hostile(count: int = 1, texts: Sequence[str] = HOSTILE) -> hi.Inventory:
    """So many machines of each of these names."""
    names = [f"{bad} {number}" for number in range(count) for bad in texts]
    long = timedelta(days=400)
    taken = datetime(2026, 3, 1, tzinfo=UTC)
    return hi.Inventory(
        hosts=[hi.Host(id=f"h{n}", name=name, cluster_id="c", **HERE) for n, name in enumerate(texts)],
        clusters=[hi.Cluster(id="c", name=texts[0], **HERE)],
        vms=[
            hi.VirtualMachine(
                id=f"v{number}", name=name, os_name=name, location=name, folder=name, power_state="running",
                host_id="h0", ip_addresses=(name,), agent=hi.Agent(kind="vmware-tools", message=name, version=name),
                snapshots=(hi.Snapshot(name=name, description=name, created_at=taken - long),), **HERE,
            )
            for number, name in enumerate(names)
        ],
        extensions=[
            hi.Extension(id=f"e{n}", name=name, vm_id="v0", publisher=name, type=name, message=name,
                         platform="azure", source="x", provisioning_state="Failed")
            for n, name in enumerate(texts)
        ],
        datastores=[hi.Datastore(id=f"d{n}", name=name, type=name, **HERE) for n, name in enumerate(texts)],
        vmkernel_adapters=[
            hi.VMkernelAdapter(
                id=f"k{n}", name="vmk0", device=name, host_id=f"h{n}", services={name, "vmotion"}, **HERE
            )
            for n, name in enumerate(texts)
        ],
        problems=[
            hi.Problem(platform="vsphere", source=name, kind="vms", scope=name, error=name, message=name, remedy=name)
            for name in texts
        ],
        taken_at=taken,
    )  # fmt: skip
