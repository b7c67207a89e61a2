"""Azure and Arc against an ARM endpoint on this machine: our lists, those of the vendor's SDKs, and the budget."""

from __future__ import annotations

import gc
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from arm_bodies import MACHINES, SUBSCRIPTIONS, machine, served, vm, vm_status  # noqa: E402
from report import Measure, Section, at_most, run_alone  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALL_IN_ONE = "sub-all"
VM_PAGE, ARC_PAGE = 200, 100
DELAY = 0.02
ASKED_ONE_BY_ONE = 600
SDK_ROUNDS = 3
BURST, RATE = 250, 25
VERSION, ARC_VERSION = "2024-07-01", "2024-07-10"

TEXT = """
{machines:,} VMs and {machines:,} Arc machines in {subscriptions} subscriptions, on an HTTPS server in a process of its
own that takes {delay:.0f} ms for a request; {vm_page} VMs and {arc_page} machines a page; {vm_kb:.1f} kB for a VM,
{view_kb:.1f} kB for its status and {arc_kb:.1f} kB for a machine, as in published recordings. Each listing runs in a
fresh process, whose imports are not counted.

Like is compared with like: the SDK's side is `list_all()` and `list_all(status_only="true")` of azure-mgmt-compute,
joined on the id, and `machines.list_by_subscription()` of azure-mgmt-hybridcompute, over their own transport, a client
for each subscription, one after the other; each field that our records have is read from their models once. Nothing is
asked machine by machine on either side. The SDK's numbers are medians of {sdk_rounds}. Both sides hold on to what they
have read, and so does `json.loads` where it is compared with.

The budget: {one_by_one} Arc machines without Resource Graph, so each is asked for its extensions, at an endpoint that
enforces ARM's {burst} requests and {rate} a second. No client can take less than {floor:.1f} s there.
"""


# The server


def serve(pipe: Any, folder: str) -> None:
    """Serve until told to end; runs in a process of its own."""
    from arm_estate import Estate
    from arm_server import ArmServer
    from certificates import Certificates
    from misbehaviour import Reply, refused

    estate = Estate.of(machines=ASKED_ONE_BY_ONE, extensions=("AMA",), subscriptions=("sub-few",))
    estate.subscriptions |= dict.fromkeys((*SUBSCRIPTIONS, ALL_IN_ONE), "Enabled")
    server = ArmServer(estate, Certificates(Path(folder)))
    server.delay = DELAY
    models = [vm(number) for number in range(MACHINES)]
    every = {
        "vms": (VM_PAGE, models),
        "statuses": (VM_PAGE, [vm_status(model) for model in models]),
        "machines": (ARC_PAGE, [machine(number) for number in range(MACHINES)]),
    }
    lists = {(kind, ALL_IN_ONE): served(size, items) for kind, (size, items) in every.items()}
    for number, subscription in enumerate(SUBSCRIPTIONS):
        lists |= {(kind, subscription): served(size, items[number::10]) for kind, (size, items) in every.items()}
    del models, every

    def page(kind: str) -> Callable[[str, dict[str, str], bytes], Any]:
        ordinary = getattr(server.answers, f"get_{kind}")

        def answer(path: str, query: dict[str, str], body: bytes) -> Any:
            pages = lists.get(("statuses" if "statusOnly" in query else kind, path.split("/")[2]))
            if pages is None:
                return ordinary(path, query, body)
            number = int(query.get("$skiptoken", 0))
            rest = "".join(f"&{k}={v}" for k, v in query.items() if k != "$skiptoken")
            link = f',"nextLink":"{server.url}{path}?$skiptoken={number + 1}{rest}"}}'.encode()
            body = pages[number][:-1] + link if number + 1 < len(pages) else pages[number]
            return Reply(200, body, {"Content-Type": "application/json"})

        return answer

    server.answers.get_vms, server.answers.get_machines = page("vms"), page("machines")
    server.misbehave("ResourceGraph", refused(400, "BadRequest", "not here"))
    pipe.send(server.url)
    while (word := pipe.recv()) is not None:
        if word == "enforce":
            server.enforce(BURST, RATE)
        pipe.send(dict(server.counts))
        server.counts.clear()
        server.seen.clear()


# The two sides, each in a fresh process


class Taken(NamedTuple):
    """Seconds, those of the processor, the megabytes by which the peak of the process has grown; and how many came."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    count: int


def ours(url: str, ca_file: str, kind: str, subscriptions: tuple[str, ...]) -> Taken:
    """Our list of VMs or Arc machines."""
    import hybridinv as hi
    from arm_server import Credential

    adapter = {"vms": hi.Azure, "machines": hi.AzureArc}[kind]
    with adapter(credential=Credential(), endpoint=url, ca_file=ca_file, subscription_ids=subscriptions) as source:
        with_imports = {"vms": "hybridinv.platforms.compute", "machines": "hybridinv.platforms.azure_arc"}[kind]
        __import__(with_imports)
        return timed(lambda: check(source.vms()))


def check(machines: Any) -> int:
    """How many there are, when every one has what was asked for."""
    return sum(one.agent.status == "ready" for one in machines)


def extensions(url: str, ca_file: str, _: str, subscriptions: tuple[str, ...]) -> Taken:
    """Every machine asked for its extensions."""
    import hybridinv as hi
    from arm_server import Credential

    with hi.AzureArc(credential=Credential(), endpoint=url, ca_file=ca_file, subscription_ids=subscriptions) as source:
        return timed(lambda: len(source.extensions()))


def sdk_vms(url: str, ca_file: str, _: str, subscriptions: tuple[str, ...]) -> Taken:
    """The SDK's two lists, joined, each field read once."""
    from azure.mgmt.compute import ComputeManagementClient

    from arm_server import Credential

    options = {"base_url": url, "credential_scopes": ["https://arm.example/.default"], "connection_verify": ca_file}
    kept: list[Any] = []

    def read(subscription: str) -> None:
        with ComputeManagementClient(Credential(), subscription, **options) as sdk:
            models = list(sdk.virtual_machines.list_all(api_version=VERSION))
            views = sdk.virtual_machines.list_all(status_only="true", api_version=VERSION)
            statuses = {one.id.lower(): one for one in views}
            fields = [vm_fields(model, statuses[model.id.lower()].instance_view) for model in models]
            kept.append((models, statuses, fields))

    return timed(lambda: len([read(one) for one in subscriptions]) and sum(len(one[0]) for one in kept))


def vm_fields(model: Any, view: Any) -> tuple[Any, ...]:
    """What a record holds, read from the SDK's models."""
    profile, storage = model.os_profile, model.storage_profile
    agent = view.vm_agent
    return (
        model.id, model.name, model.location, model.vm_id, model.hardware_profile.vm_size, model.time_created,
        dict(model.tags), model.zones, profile.computer_name, storage.os_disk.os_type,
        [(disk.name, disk.disk_size_gb, disk.managed_disk.id) for disk in (storage.os_disk, *storage.data_disks)],
        (storage.image_reference.offer, storage.image_reference.sku),
        [nic.id for nic in model.network_profile.network_interfaces],
        model.security_profile.uefi_settings is not None,
        [status.code for status in view.statuses], view.os_name, view.os_version, view.hyper_v_generation,
        agent.vm_agent_version, [(one.display_status, one.message, one.time) for one in agent.statuses],
    )  # fmt: skip


def sdk_machines(url: str, ca_file: str, _: str, subscriptions: tuple[str, ...]) -> Taken:
    """The SDK's list of Arc machines, each field read once."""
    from azure.mgmt.hybridcompute import HybridComputeManagementClient

    from arm_server import Credential

    options = {
        "base_url": url,
        "credential_scopes": ["https://arm.example/.default"],
        "connection_verify": ca_file,
        "api_version": ARC_VERSION,
    }
    kept: list[Any] = []

    def read(subscription: str) -> None:
        with HybridComputeManagementClient(Credential(), subscription, **options) as sdk:
            machines = list(sdk.machines.list_by_subscription())
            kept.append((machines, [machine_fields(one) for one in machines]))

    return timed(lambda: len([read(one) for one in subscriptions]) and sum(len(one[0]) for one in kept))


def machine_fields(one: Any) -> tuple[Any, ...]:
    """What a record holds, read from the SDK's model."""
    own = one.properties
    detected, hardware = own.detected_properties, own.hardware_profile
    return (
        one.id, one.name, one.location, dict(one.tags), one.kind, own.status, own.last_status_change, own.agent_version,
        own.os_type, own.os_name, own.os_sku, own.vm_id, own.vm_uuid, own.machine_fqdn, own.error_details,
        own.firmware_profile.type, hardware.total_physical_memory_in_bytes, hardware.number_of_cpu_sockets,
        [one.number_of_cores for one in hardware.processors], [detected[name] for name in
        ("logicalCoreCount", "totalPhysicalMemoryInBytes", "serialNumber", "manufacturer", "model")],
        [(disk.name, disk.max_size_in_bytes, disk.path) for disk in own.storage_profile.disks],
        [(nic.name, nic.mac_address, [ip.address for ip in nic.ip_addresses])
         for nic in own.network_profile.network_interfaces],
    )  # fmt: skip


def timed(work: Callable[[], int]) -> Taken:
    """What some work took, and what it gave."""
    gc.collect()
    before, began, cpu_before = peak(), time.perf_counter(), time.process_time()
    count = work()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_before
    return Taken(seconds, cpu_seconds, peak() - before, count)


def peak() -> float:
    """The most that this process has held so far, in megabytes (Linux tells; elsewhere 0)."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) / 1024 if found else 0.0


class Bench:
    """The server's process, and fresh ones for what asks it."""

    def __init__(self, folder: str) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._pipe, there = self._context.Pipe()
        self._server = self._context.Process(target=serve, args=(there, folder), daemon=True)
        self._server.start()
        self._ca_file = str(Path(folder) / "ca.pem")
        self._url = self._pipe.recv()

    def counts(self, word: str = "counts") -> dict[str, int]:
        """The requests since the last time, by class."""
        self._pipe.send(word)
        return dict(self._pipe.recv())

    def run(
        self, side: Callable[..., Any], kind: str, rounds: int, subscriptions: tuple[str, ...] = SUBSCRIPTIONS
    ) -> Taken:
        """The medians; every round must give all machines."""
        found = []
        for _ in range(rounds):
            with self._context.Pool(1) as pool:
                found.append(pool.apply(side, (self._url, self._ca_file, kind, subscriptions)))
        expected = ASKED_ONE_BY_ONE if side is extensions else MACHINES
        if {one.count for one in found} != {expected}:
            raise RuntimeError(f"{side.__name__}: {found} instead of {expected} machines")
        return Taken(*(statistics.median(values) for values in zip(*found, strict=True)))

    def close(self) -> None:
        """End the server."""
        self._pipe.send(None)
        self._server.join()


# Decoding alone


def decoding(rounds: int) -> Iterator[Measure]:
    """Records from bytes, beside `json.loads` of the same bytes."""
    from hybridinv.wire import arm, compute, hybridcompute
    from hybridinv.wire.reading import Origin, collector_at_rest

    origin = Origin("azure", "arm.example")
    models = [vm(number) for number in range(MACHINES)]
    for model in models:
        model["properties"]["instanceView"] = vm_status(model)["properties"]["instanceView"]
    machines = [machine(number) for number in range(MACHINES)]
    both = {
        "VMs with instance view": (served(VM_PAGE, models), lambda item: compute.read_vm(item, None, origin)),
        "Arc machines": (served(ARC_PAGE, machines), lambda item: hybridcompute.read_machine(item, origin)),
    }
    del models, machines
    for name, (pages, read) in both.items():
        bare, whole = [], []

        def records(pages: list[bytes] = pages, read: Callable[[Any], Any] = read) -> list[Any]:
            found = []
            for page in pages:
                items = arm.read_page(page, where="x").items
                with collector_at_rest:
                    found += [read(item) for item in items]
            return found

        for _ in range(rounds):
            bare.append(seconds_of(lambda pages=pages: [json.loads(page) for page in pages]))
            whole.append(seconds_of(records))
        seconds, base = statistics.median(whole), statistics.median(bare)
        note = f"{seconds:.2f} s, json.loads alone {base:.2f} s, {sum(map(len, pages)) / 1e6:.0f} MB"
        yield at_most(f"decode of {MACHINES:,} {name} to records, times json.loads", seconds / base, 2.5, note)


def seconds_of(work: Callable[[], Any]) -> float:
    """How long some work takes; what it gives is kept until the clock has stopped."""
    gc.collect()
    began = time.perf_counter()
    kept = work()
    seconds = time.perf_counter() - began
    del kept
    return seconds


def measure(rounds: int) -> Section:
    """The whole section."""
    measures = list(decoding(rounds))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        for kind, sdk, name in (("vms", sdk_vms, "VMs"), ("machines", sdk_machines, "Arc machines")):
            mine = bench.run(ours, kind, rounds)
            theirs = bench.run(sdk, kind, min(rounds, SDK_ROUNDS))
            note = f"{mine.seconds:.2f} s, the SDK {theirs.seconds:.2f} s"
            ratio = mine.seconds / theirs.seconds
            measures.append(at_most(f"list of {MACHINES:,} {name}, times the SDK's", ratio, 0.1, note))
            note = f"{mine.cpu_seconds:.2f} s, the SDK {theirs.cpu_seconds:.2f} s"
            ratio = mine.cpu_seconds / theirs.cpu_seconds
            what = f"list of {MACHINES:,} {name}, processor time, times the SDK's"
            measures.append(Measure(what, f"{ratio:.2f}", note=note))
            what, note = f"memory for {MACHINES:,} {name}, at its peak", f"the SDK {theirs.megabytes:.0f} MB"
            measures.append(Measure(what, f"{mine.megabytes:.0f} MB", note=note))
            bench.counts()
            alone = bench.run(ours, kind, rounds, (ALL_IN_ONE,))
            counts = bench.counts()
            what = f"list of {MACHINES:,} {name}, all in one subscription, whose pages come one after the other"
            measures.append(Measure(what, f"{alone.seconds:.2f} s"))
            if kind == "vms":
                asked = sum(counts.values()) / rounds
                limit = 2 * (MACHINES / VM_PAGE) + 10
                what = f"requests for power and agent state of {MACHINES:,} VMs in one subscription"
                measures.append(at_most(what, asked, limit, f"{MACHINES // VM_PAGE} pages", form="{:.0f}"))
        bench.counts("enforce")
        seconds = bench.run(extensions, "machines", 1, ("sub-few",)).seconds
        counts = bench.counts()
        bench.close()
    floor = (ASKED_ONE_BY_ONE + 1 - BURST) / RATE
    one_by_one = f"{ASKED_ONE_BY_ONE} machines asked one by one under ARM's bucket"
    measures.append(at_most(f"{one_by_one}: 429 answers", counts.get("refused", 0), 0, form="{:.0f}"))
    measures.append(Measure(f"{one_by_one}: seconds", f"{seconds:.1f}", note=f"no client can be below {floor:.1f}"))
    sizes = [len(json.dumps(one, indent=2)) / 1000 for one in (vm(1), vm_status(vm(1)), machine(1))]
    text = TEXT.format(
        machines=MACHINES,
        subscriptions=len(SUBSCRIPTIONS),
        delay=DELAY * 1000,
        vm_page=VM_PAGE,
        arc_page=ARC_PAGE,
        vm_kb=sizes[0],
        view_kb=sizes[1],
        arc_kb=sizes[2],
        sdk_rounds=SDK_ROUNDS,
        one_by_one=ASKED_ONE_BY_ONE,
        burst=BURST,
        rate=RATE,
        floor=floor,
    )
    return Section("Azure and Azure Arc", text, measures)


if __name__ == "__main__":
    run_alone(measure)
