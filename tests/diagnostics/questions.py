"""What the tests ask a table service in memory for, and with what they fill it."""

from datetime import UTC, datetime, timedelta

from azure.core.credentials import AzureNamedKeyCredential

import hybridinv as hi
from diagnostics.table_service import ACCOUNT, KEY, URL, interval
from seeding.seed_diagnostics import key_text, machines, net_ticks

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE, HOURS = "WADMetricsPT1MP10DV2S20260222", "WADMetricsPT1HP10DV2S20260222"
CPU, PRIVILEGED = r"\Processor(_Total)\% Processor Time", r"\Processor(_Total)\% Privileged Time"
WIN, LIN, *_ = list(machines(2))


def vm(of=WIN, **changes):
    values = {
        "id": of["id"].lower(), "name": of["name"], "platform": "azure", "source": "azure", "resource_id": of["id"],
        "os_type": of["system"], "native_id": of["uuid"],
    }  # fmt: skip
    return hi.VirtualMachine(**{**values, **changes})


def minutes(count, start=NOON):
    return [start + timedelta(minutes=number) for number in range(count)]


def fill(service, of=WIN, *, names=(CPU,), times=None, table=TABLE, spelling=None):
    for moment in times or minutes(60):
        for name in names:
            service.add(table, *interval(key_text(spelling or of["id"]), name, moment))


def adapter(name):
    return rf"\Network Interface({name})\Bytes Received/sec"


def read(service, machine=None, **changes):
    options = {
        "account_url": URL, "credential": AzureNamedKeyCredential(ACCOUNT, KEY), "start": NOON,
        "end": NOON + timedelta(hours=1), "transport": service,
    }  # fmt: skip
    return hi.read_diagnostics(machine or vm(), **{**options, **changes})


def windows_row(moment, value, of=WIN, **changes):
    ticks = net_ticks(moment)
    row = {
        "PartitionKey": f"0{ticks - ticks % 600_000_000}", "RowKey": f"{of['uuid']}___IaaS____{of['name']}___{ticks}",
        "EventTickCount": str(ticks), "DeploymentId": of["uuid"], "Role": "IaaS", "RoleInstance": f"_{of['name']}",
        "CounterName": CPU, "CounterValue": value,
    }  # fmt: skip
    return row | changes
