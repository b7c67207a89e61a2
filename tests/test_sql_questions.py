"""The questions of the documentation, asked of the demo's estate and of one of ten thousand machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hybridinv as hi
from hybridinv.inventory import every_table
from large_estate import large_estate

PAGE = (Path(__file__).parents[1] / "docs" / "sql.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(
    r"^### (\d+)\. ([^\n]+\?)\n\n```sql\n(.*?)```\n(\nOn the demo: no rows, [^\n]+\.)?", PAGE, re.MULTILINE | re.DOTALL
)
NAMES = [f"{number}. {question}" for number, question, _, _ in QUESTIONS]
DEMO = hi.demo()


def test_there_are_thirty() -> None:
    assert [int(number) for number, *_ in QUESTIONS] == list(range(1, 31))
    assert PAGE.count("```sql") == 30


@pytest.mark.parametrize(("query", "none"), [(query, none) for *_, query, none in QUESTIONS], ids=NAMES)
def test_a_question_has_an_answer_or_says_why_not(query: str, none: str) -> None:
    answer = DEMO.sql(query)
    assert bool(answer.fetchall()) is not bool(none), answer.fetchall()
    assert len(answer.columns) >= 1


def test_the_questions_without_rows_find_what_they_ask_for() -> None:
    """On an estate in which it is so, each of them has rows."""

    def vm(id_: str, **fields: object) -> hi.VirtualMachine:
        return hi.VirtualMachine(id=id_, name=id_, platform="vsphere", source="vc", **fields)

    of = {"platform": "vsphere", "source": "vc"}
    full = hi.Partition(path="/", capacity_bytes=100, free_bytes=1)
    devices = [hi.Device(kind="cdrom", connected=True), hi.Device(kind="vgpu")]
    inv = hi.Inventory(
        vms=[vm("a", ip_addresses=["192.0.2.1"], partitions=[full], devices=devices, disks=[hi.Disk(is_raw=True)]),
             vm("b", ip_addresses=["192.0.2.1"])],
        datastores=[hi.Datastore(id="d", name="d", **of, capacity_bytes=100, free_bytes=10, uncommitted_bytes=20)],
        hosts=[hi.Host(id="h", name="h", **of)],
        vmkernel_adapters=[hi.VMkernelAdapter(id="k", name="k", **of, host_id="h", mtu=9000, switch_mtu=1500)],
    )  # fmt: skip
    empty = [(number, query) for number, _, query, none in QUESTIONS if none]
    assert empty
    for number, query in empty:
        assert inv.sql(query).fetchall(), number


def test_the_questions_can_be_asked_of_ten_thousand_machines() -> None:
    inv = large_estate(10_000)
    for number, _, query, none in QUESTIONS:
        assert inv.sql(query).fetchall() or none, number


def test_the_page_names_tables_that_there_are() -> None:
    tables = every_table(DEMO)
    told = PAGE.partition("## The tables")[2].partition("## Memory")[0]
    named = set(re.findall(r"`((?:vm|host|vmkernel_adapter|cluster)_\w+)`", told)) - {"vm_id", "vm_name"}
    assert {"vm_disks", "vm_disk_chain", "vmkernel_adapter_services"} <= named <= set(tables)


def asked(number: int, inv: hi.Inventory) -> list[tuple[object, ...]]:
    return inv.sql(next(query for one, _, query, _ in QUESTIONS if int(one) == number)).fetchall()


def of(id_: str, **fields: object) -> dict[str, object]:
    return {"id": id_, "name": id_, "platform": "vsphere", "source": "vc", **fields}


def test_problems_of_a_source_that_was_not_asked_are_counted() -> None:
    inv = hi.Inventory(
        asked=[hi.model.Asked(platform="p", source="x"), hi.model.Asked(platform="p", source="z")],
        problems=[hi.Problem(source="x", error="A"), hi.Problem(platform="p", source="y", error="B")],
    )
    assert asked(30, inv) == [("p", "x", "", 1, ["A"]), ("p", "y", None, 1, ["B"]), ("p", "z", "", 0, [])]


def test_a_power_state_that_is_not_known_is_not_off() -> None:
    vms = [hi.VirtualMachine(**of("a", power_state="running")), hi.VirtualMachine(**of("b"))]
    assert asked(1, hi.Inventory(vms=vms)) == [("vsphere", "vc", 2, 1, 1)]


def test_only_extensions_that_failed_have_failed() -> None:
    states = ["Succeeded", "succeeded", "Creating", "Updating", "", "Failed", "failed", "Canceled"]
    inv = hi.Inventory(
        vms=[hi.VirtualMachine(**of("a"))],
        extensions=[hi.Extension(**of(f"e{n}", vm_id="a", provisioning_state=one)) for n, one in enumerate(states)],
    )
    assert sorted(str(row[4]) for row in asked(23, inv)) == ["Canceled", "Failed", "failed"]


def test_old_windows_is_windows_and_old() -> None:
    def named(name: str, os_type: str = "windows") -> hi.VirtualMachine:
        return hi.VirtualMachine(**of(name, os_name=name, os_type=os_type))

    old = ["Microsoft Windows NT 4", "Microsoft Windows Server 2003 (32-bit)",
           "Microsoft Windows XP Professional (32-bit)", "Windows 8.1", "Windows Server 2012 R2 Standard"]  # fmt: skip
    others = [named("CentOS 7 2016", "linux"), named("Windows 11 Enterprise 22H2"), named("Windows Server 2019")]
    assert [row[0] for row in asked(11, hi.Inventory(vms=[*map(named, old), *others]))] == old


def test_addresses_that_many_machines_have_are_none_that_is_used_twice() -> None:
    everywhere = ["127.0.0.1", "169.254.1.1", "fe80::1", "::1", "172.17.0.1"]
    vms = [hi.VirtualMachine(**of(one, ip_addresses=[*everywhere, "192.0.2.1"])) for one in "ab"]
    assert [row[0] for row in asked(21, hi.Inventory(vms=vms))] == ["192.0.2.1"]


def test_every_cluster_is_answered_and_machines_are_found_through_their_hosts() -> None:
    inv = hi.Inventory(
        clusters=[hi.Cluster(**of("c")), hi.Cluster(**of("idle"))],
        hosts=[hi.Host(**of("h", cluster_id="c", cpu_cores=8, memory_bytes=100))],
        vms=[hi.VirtualMachine(**of("v", host_id="h", cpus=4, memory_bytes=50, power_state="running"))],
    )
    assert asked(8, inv) == [("c", "vc", 4, 8, 0.5, 50.0), ("idle", "vc", 0, None, None, None)]
