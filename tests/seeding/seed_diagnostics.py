"""Fills a table service as the diagnostics extensions of Windows and Linux do; the keys as their documents have them.

It computes table names and keys from the documents' own words, by other ways than the reader does. As a program:

    python tests/seeding/seed_diagnostics.py http://127.0.0.1:10002/devstoreaccount1 2026-03-01
"""

import sys
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache

KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The storage emulators' own key, which Microsoft documents."""
ACCOUNT = "devstoreaccount1"
SUBSCRIPTION = "7a0a3a40-1d3e-4f3c-9a53-0c6e3f1b2a11"
WINDOWS = {
    r"\Processor(_Total)\% Processor Time": "cpu_percent",
    r"\Process(_Total)\Thread Count": "thread_count",
    r"\Memory\Available Bytes": "memory_available_bytes",
    r"\PhysicalDisk(_Total)\Disk Transfers/sec": "disk_transfers_per_second",
}
LINUX = {
    "/builtin/processor/percentprivilegedtime": "cpu_privileged_percent",
    "/builtin/processor/percentprocessortime": "cpu_percent",
    "/builtin/memory/availablememory": "memory_available_bytes",
    "/builtin/disk/transferspersecond": "disk_transfers_per_second",
}
OWN = r"\Queue(orders)\Waiting"
"""A counter of the operator's own, that there is no word for."""


def machines(count):
    """Names, ids, UUIDs and systems of so many machines; half of them are Windows."""
    for number in range(count):
        name = f"vm-{number:02}"
        yield {
            "name": name,
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Plant.{number % 3}/providers/Microsoft.Compute/"
            f"virtualMachines/{name}",
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
            "system": "linux" if number % 2 else "windows",
        }


def counters(machine):
    return LINUX if machine["system"] == "linux" else WINDOWS


def net_ticks(moment):
    return (moment - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10


@lru_cache(10_000)
def key_text(text):
    return "".join(letter if letter.isalnum() else f":{ord(letter):04X}" for letter in text)


def table_name(grain, moment):
    """`WADMetrics{grain}P10DV2S{date}`: FILETIME seconds, rounded down to 864,000."""
    seconds = int((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds())
    begins = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds - seconds % 864_000)
    return f"WADMetrics{grain}P10DV2S{begins:%Y%m%d}"


def figures(machine, raw, moment):
    """The values that a counter has in an interval: they differ between machines, counters and times."""
    low = 10.0 + (_number(machine["name"] + raw) + int(moment.timestamp()) // 60) % 57
    unit = 2.0**20 if "emory" in raw else 1.0
    return {
        "Total": unit * (4 * low + 6),
        "Minimum": unit * low,
        "Maximum": unit * (low + 3),
        "Average": unit * (low + 1.5),
        "Count": 4,
        "Last": unit * (low + 2),
    }


@lru_cache(10_000)
def _number(text):
    return sum(map(ord, text))


def metric_entities(machine, raw, moment, instance=""):
    """The two rows of one interval."""
    falling = f"{3155378975999999999 - net_ticks(moment):019d}"
    suffix = f"__{instance}" if instance else ""
    common = {
        "PartitionKey": key_text(machine["id"]),
        "CounterName": raw,
        "TIMESTAMP": moment,
        "Host": machine["name"],
        **figures(machine, raw, moment),
    }
    yield {**common, "RowKey": f"{falling}__{key_text(raw)}{suffix}"}
    yield {**common, "RowKey": f"{key_text(raw)}__{falling}{suffix}"}


def windows_entity(machine, raw, moment, number, value):
    """One row of WADPerformanceCountersTable."""
    from azure.data.tables import EdmType, EntityProperty

    role = f"_{machine['name']}"
    ticks = net_ticks(moment)
    return {
        "PartitionKey": f"0{ticks - ticks % 600_000_000}",
        "RowKey": f"{machine['uuid']}___IaaS___{role}___{number:019d}",
        "EventTickCount": EntityProperty(ticks, EdmType.INT64),
        "DeploymentId": machine["uuid"],
        "Role": "IaaS",
        "RoleInstance": role,
        "CounterName": raw,
        "CounterValue": value,
    }


def linux_entity(machine, partition, moment, number, **columns):
    """One row of LinuxCpuVer2v0 and the like."""
    return {
        "PartitionKey": f"{partition:019d}___{net_ticks(moment):019d}",
        "RowKey": f"c9c8552dc3a1421da8ecc0c284082a39___{machine['name']}___{number:019d}",
        "DeploymentId": "c9c8552dc3a1421da8ecc0c284082a39",
        "Host": machine["name"],
        "TIMESTAMP": moment,
        **columns,
    }


def moments(start, count, step):
    return [start + step * number for number in range(count)]


def write(service, table, entities):
    """Write rows, as many at a time as the service takes; those of one partition."""
    client = service.create_table_if_not_exists(table)
    batch, partition = [], ""
    for entity in entities:
        if batch and (len(batch) == 100 or entity["PartitionKey"] != partition):
            client.submit_transaction(batch)
            batch = []
        partition = entity["PartitionKey"]
        batch.append(("upsert", entity))
    if batch:
        client.submit_transaction(batch)


def seed(service, estate, start, *, minutes=1440, hours=24):
    """Intervals of a minute and of an hour for each machine and counter, from a moment on; returns how many rows."""
    rows = 0
    for machine in estate:
        names = [*counters(machine), OWN]
        for grain, times in (
            ("PT1M", moments(start, minutes, timedelta(minutes=1))),
            ("PT1H", moments(start, hours, timedelta(hours=1))),
        ):
            tables = {}
            for moment in times:
                for raw in names:
                    tables.setdefault(table_name(grain, moment), []).extend(metric_entities(machine, raw, moment))
            for table, entities in tables.items():
                write(service, table, entities)
                rows += len(entities)
    return rows


def main():
    from azure.core.credentials import AzureNamedKeyCredential
    from azure.data.tables import TableServiceClient

    url, day = sys.argv[1], datetime.fromisoformat(sys.argv[2]).replace(tzinfo=UTC)
    service = TableServiceClient(url, credential=AzureNamedKeyCredential(ACCOUNT, KEY))
    print(seed(service, list(machines(20)), day), "rows")


if __name__ == "__main__":
    main()
