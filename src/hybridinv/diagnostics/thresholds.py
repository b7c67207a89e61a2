"""The thresholds of check_load, the documents that they are from, and the counters that they are for."""

from __future__ import annotations

import math

import attrs

from hybridinv.errors import NotSupported

ADVISOR = (
    "MicrosoftDocs/azure-docs, articles/advisor/advisor-cost-recommendations.md: low-utilization virtual machines "
    "(CPU of 5 percent or less, 7 MB or less of network traffic, on four or more of 14 days)"
)
READY = "Broadcom KB 2002181, Converting between CPU summation and CPU % ready values (read through third parties)"
WINDOWS = (
    "Microsoft, Windows 2000 Resource Kit, table 5.8, Recommended Thresholds, "
    "http://technet.microsoft.com/library/cc938549.aspx"
)
LATENCY = "Microsoft, Performance Analysis of Logs, thresholds of Avg. Disk sec/Transfer: 15 ms slow, 25 ms very slow"
RECLAIMED = "VMware, vSphere: Install, Configure, Manage: any ballooning or swapping is a sign of too little memory"
DISK_TYPES = (
    "Microsoft Learn, Azure managed disk types, Standard HDD size "
    "(IOPS per disk: up to 500 from S4 to S50, 1,300 of S60, 2,000 of S70 and S80), "
    "https://learn.microsoft.com/azure/virtual-machines/disks-types"
)
OWN = "hybridinv's own threshold; no vendor names one"

STANDARD_HDD = 500
"""Transfers a second that a Standard HDD managed disk of up to 4 TiB gives."""
TELLING = {
    "CPUs": ("cpu_percent", "cpu_ready_percent"),
    "memory": (
        "memory_used_percent", "memory_used_bytes", "memory_available_percent", "memory_available_bytes",
        "memory_ballooned_bytes", "memory_swapped_bytes", "swap_used_percent",
    ),
    "disks": (
        "disk_latency_seconds", "disk_read_latency_seconds", "disk_write_latency_seconds", "disk_busy_percent",
        "disk_queue_length", "cpu_iowait_percent", "disk_transfers_per_second",
    ),
}  # fmt: skip
"""The counters that say whether a machine is short of something."""
OF_SIZE = frozenset({
    "memory_used_bytes", "memory_available_bytes", "memory_ballooned_bytes", "memory_swapped_bytes",
})  # fmt: skip
"""Those that say it only where the size of the machine's memory is known."""


@attrs.frozen(kw_only=True)
class Limits:
    """The thresholds, as `check_load` documents them."""

    least_samples: int
    idle_days: float
    idle_cpu_percent: float
    idle_network_bytes_per_second: float
    idle_disk_bytes_per_second: float
    idle_disk_transfers_per_second: float
    busy_cpu_percent: float
    ready_percent: float
    busy_memory_percent: float
    least_memory_percent: float
    busy_swap_percent: float
    reclaimed_percent: float
    disk_latency_seconds: float
    disk_busy_percent: float
    disk_queue: float
    iowait_percent: float
    disk_transfers_per_second: float

    def __attrs_post_init__(self) -> None:
        for name in attrs.fields_dict(Limits):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise NotSupported(f"{name}={value!r:.40} is no threshold", remedy="give a number from 0 up")
        if not self.least_samples or not self.idle_days:
            raise NotSupported(
                "no samples, or no days, tell nothing", remedy="give least_samples= and idle_days= from 1"
            )
