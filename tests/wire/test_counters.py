"""The words for counters: what is asked for in other words is refused, and the word that was meant is named."""

from __future__ import annotations

import pytest

import hybridinv as hi
from hybridinv.wire.counters import checked_counters, checked_guest_counters


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["CPU_PERCENT"], "cpu_percent"),
        (["cpu percent", " Thread-Count "], "cpu_percent, thread_count"),
        ([r"\Processor(_Total)\% Processor Time"], "cpu_percent"),
        ([r"\processor information(_total)\% processor time"], "cpu_percent"),
        (["/builtin/disk/transferspersecond"], "disk_transfers_per_second"),
        (["disk_transfers_per_sec"], "disk_transfers_per_second"),
        (["cpu_percent", "memory_availble_bytes", "CPU_percent"], "memory_available_bytes, cpu_percent"),
    ],
)
def test_the_words_that_were_meant_are_named(names, words):
    for check in (checked_guest_counters, checked_counters):
        with pytest.raises(hi.NotSupported, match=f"— did you mean {words}\\? the counters are: cpu_percent, "):
            check(names)


@pytest.mark.parametrize("names", [["nope"], [""], ["x", 5], 5, [], [r"\Queue(orders)\Waiting"]])
def test_where_nobody_knows_what_was_meant_nothing_is_guessed(names):
    with pytest.raises(hi.NotSupported, match="— the counters are: cpu_percent, "):
        checked_guest_counters(names)


def test_what_only_a_hypervisor_knows_is_not_mistaken_for_another():
    with pytest.raises(hi.NotSupported, match="did you mean cpu_percent, disk_reads_per_second"):
        checked_guest_counters(["CPU_PERCENT", "disk_read_per_second"])
    with pytest.raises(hi.NotSupported, match="only a hypervisor knows — the counters are"):
        checked_guest_counters(["cpu_ready_percent"])
