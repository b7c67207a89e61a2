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
