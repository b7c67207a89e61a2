"""Diagnostics against Microsoft's storage emulator: twenty machines and a day, in the documented keys."""

from __future__ import annotations

import base64
import logging
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas, generate_table_sas

import hybridinv as hi
from hybridinv.wire.counters import counter_of
from live.storage_emulator import Emulator, emulating, multiply, wait_until_kept
from seeding import seed_diagnostics as seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]
DAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = {"start": DAY + timedelta(hours=9), "end": DAY + timedelta(hours=10)}
ESTATE = list(seed.machines(20))
NOISE = [rf"\Queue({number})\Waiting" for number in range(60)]
MINUTES, HOURS, SAMPLES = seed.table_name("PT1M", DAY), seed.table_name("PT1H", DAY), "WADPerformanceCountersTable"


class Counting(httpx.BaseTransport):
    """The network, and how often it was asked."""

    def __init__(self) -> None:
        self.count = 0
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="session")
def emulator_program() -> Path:
    """Azurite's table service."""
    usual = Path(__file__).parents[2] / "build/azurite/node_modules/.bin/azurite-table"
    path = Path(os.environ.get("HYBRIDINV_AZURITE", usual))
    if path.is_file():
        return path
    reason = f"there is no storage emulator at {path}: install it with `make live`, or name it in HYBRIDINV_AZURITE"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def intervals() -> Iterator[dict[str, Any]]:
    """Both rows of every minute of the day, four counters of each machine; much else of the first, for three hours."""
    for machine in ESTATE:
        for raw in seed.counters(machine):
            for moment in seed.moments(DAY, 1440, timedelta(minutes=1)):
                yield from seed.metric_entities(machine, raw, moment)
    for raw in NOISE:
        for moment in seed.moments(DAY + timedelta(hours=8), 180, timedelta(minutes=1)):
            yield from seed.metric_entities(ESTATE[0], raw, moment)


def hours() -> Iterator[dict[str, Any]]:
    """Both rows of every hour."""
    for machine in ESTATE:
        for raw in seed.counters(machine):
            for moment in seed.moments(DAY, 24, timedelta(hours=1)):
                yield from seed.metric_entities(machine, raw, moment)


@pytest.fixture(scope="session")
def filled(emulator_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with the estate's day in it; leave it as it is."""
    folder = tmp_path_factory.mktemp("azurite")
    tables: dict[str, Iterable[dict[str, Any]]] = {MINUTES: intervals(), HOURS: hours()}
    with emulating(emulator_program, folder, keeps=True) as emulator:
        for table in tables:
            seed.write(emulator.service(), table, list(seed.metric_entities(ESTATE[0], NOISE[0], DAY)))
        wait_until_kept(folder, tables)
    assert multiply(folder, tables) == 20 * 4 * 2 * (1440 + 24) + 60 * 180 * 2
    with emulating(emulator_program, folder, keeps=True) as emulator:
        yield emulator


@pytest.fixture
def empty(emulator_program: Path, tmp_path: Path) -> Iterator[Emulator]:
    """An emulator of the test's own."""
    with emulating(emulator_program, tmp_path) as emulator:
        yield emulator


def machine(of: dict[str, Any]) -> hi.VirtualMachine:
    return hi.VirtualMachine(
        id=of["id"].lower(), name=of["name"], platform="azure", source="azure", resource_id=of["id"],
        os_type=of["system"], native_id=of["uuid"],
    )  # fmt: skip


def read(emulator: Emulator, of: Any = None, **changes: Any) -> hi.Records[hi.MetricSample]:
    options: dict[str, Any] = {"account_url": emulator.url, "credential": emulator.key, **HOUR}
    return hi.read_diagnostics(machine(of or ESTATE[0]) if not isinstance(of, list) else of, **{**options, **changes})


def expected(of: dict[str, Any], raw: str, moment: datetime, seconds: int) -> hi.MetricSample:
    values = seed.figures(of, raw, moment)
    word = {**seed.WINDOWS, **seed.LINUX}.get(raw, "")
    units = {"cpu_percent": "percent", "cpu_privileged_percent": "percent", "memory_available_bytes": "bytes",
             "disk_transfers_per_second": "per second", "thread_count": "count"}  # fmt: skip
    return hi.MetricSample(
        vm_id=of["id"].lower(), counter=word, raw_name=raw, unit=units.get(word, ""), at=moment, interval_s=seconds,
        **{name.lower(): value for name, value in values.items()},
    )  # fmt: skip


@pytest.mark.parametrize(("grain", "step"), [("PT1M", timedelta(minutes=1)), ("PT1H", timedelta(hours=1))])
def test_what_was_written_is_read_back(filled: Emulator, grain: str, step: timedelta) -> None:
    times = {"start": DAY, "end": DAY + timedelta(days=1)}
    found = read(filled, [machine(of) for of in ESTATE], **times, grain=grain)
    assert found.complete
    seconds = int(step.total_seconds())
    wanted = {
        expected(of, raw, moment, seconds)
        for of in ESTATE
        for raw in seed.counters(of)
        for moment in seed.moments(DAY, 86_400 // seconds, step)
    }
    assert len(wanted) == 20 * 4 * 86_400 // seconds
    known = [one for one in found if one.counter]
    assert len(known) == len(wanted)
    assert set(known) == wanted
    assert len(found) - len(known) == (60 * 180 if grain == "PT1M" else 0)


def test_one_counter_over_an_hour_takes_few_requests(filled: Emulator) -> None:
    for of in ESTATE[:2]:
        wire = Counting()
        try:
            found = read(filled, of, counters=["cpu_percent"], transport=wire)
        finally:
            wire.close()
        assert (len(found), found.complete) == (60, True)
        assert wire.count <= 3


def test_adapters_and_odd_letters_behind_a_first_page_are_found(empty: Emulator) -> None:
    of, raw = ESTATE[0], r"\Processor(_Total)\% Processor Time"
    adapters = [rf"\Network Interface(Intel[R] {number})\Bytes Received/sec" for number in range(2)]
    moments = seed.moments(HOUR["start"], 20, timedelta(minutes=1))
    rows = [row for name in NOISE for moment in moments for row in seed.metric_entities(of, name, moment)]
    for number, moment in enumerate(moments):
        rows += seed.metric_entities(of, adapters[number // 10], moment)
        rows += seed.metric_entities(of, raw.upper(), moment) if number < 2 else []
    seed.write(empty.service(), MINUTES, rows)
    found = read(empty, of, counters=["network_received_bytes_per_second", "cpu_percent"])
    assert found.complete
    assert Counter(one.raw_name for one in found) == {adapters[0]: 10, adapters[1]: 10, raw.upper(): 2}


def test_all_counters_of_an_hour_are_there_with_those_that_have_no_word(filled: Emulator) -> None:
    found = read(filled)
    assert found.complete
    assert Counter(one.counter for one in found) == {**dict.fromkeys(seed.WINDOWS.values(), 60), "": 60 * 60}
    assert {one.raw_name for one in found if not one.counter} == set(NOISE)
    assert all(counter_of(name) == ("", 1) for name in NOISE)


def sas(expiry: datetime, **changes: Any) -> AzureSasCredential:
    options: dict[str, Any] = {
        "resource_types": ResourceTypes.from_string("co"),
        "permission": AccountSasPermissions(read=True),
        "expiry": expiry,
    }
    return AzureSasCredential(
        generate_account_sas(AzureNamedKeyCredential(seed.ACCOUNT, seed.KEY), **options | changes)
    )


def test_a_signature_opens_and_one_that_has_ended_does_not(filled: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    now = datetime.now(UTC)
    assert len(read(filled, credential=sas(now + timedelta(hours=1)), counters=["cpu_percent"])) == 60
    ended = sas(now - timedelta(hours=1))
    with pytest.raises(hi.AuthenticationFailed, match="the shared access signature ended at") as caught:
        read(filled, credential=ended)
    for text in (caplog.text, str(caught.value), repr(caught.value)):
        assert ended.signature.partition("sig=")[2].partition("&")[0] not in text


def test_a_signature_for_one_table_opens_it(filled: Emulator) -> None:
    signed = generate_table_sas(
        AzureNamedKeyCredential(seed.ACCOUNT, seed.KEY),
        MINUTES,
        permission="r",
        expiry=datetime.now(UTC) + timedelta(1),
    )
    found = read(filled, credential=AzureSasCredential(signed), counters=["cpu_percent"], grain="PT1M")
    assert len(found) == 60


def test_a_signature_without_the_right_to_read(filled: Emulator) -> None:
    blind = sas(datetime.now(UTC) + timedelta(hours=1), permission=AccountSasPermissions(add=True))
    with pytest.raises(hi.AccessDenied) as caught:
        read(filled, credential=blind)
    assert "sp=r" in caught.value.missing


def test_a_wrong_key_is_refused(filled: Emulator) -> None:
    wrong = AzureNamedKeyCredential(seed.ACCOUNT, base64.b64encode(b"wrong" * 12).decode())
    # Azure's code for it is AuthenticationFailed, the emulator's is AuthorizationFailure; the words are the same.
    with pytest.raises(hi.AuthenticationFailed, match="Server failed to authenticate the request") as caught:
        read(filled, credential=wrong)
    assert "not one of the account's two" in caught.value.remedy
    assert wrong.named_key.key not in str(caught.value)


def test_an_account_without_tables_says_so(empty: Emulator) -> None:
    found = read(empty)
    assert len(found) == 0
    assert f"has no table {MINUTES}, {HOURS}, {SAMPLES}" in found.problems[0].message


def test_the_seed_as_a_program_would_fill_it_is_read_back(empty: Emulator) -> None:
    few = ESTATE[:2]
    rows = seed.seed(empty.service(), few, DAY, minutes=20, hours=2)
    assert rows == 2 * 5 * 2 * (20 + 2)
    for grain, count in (("PT1M", 20), ("PT1H", 2)):
        found = read(empty, [machine(of) for of in few], start=DAY, end=DAY + timedelta(days=1), grain=grain)
        assert found.complete
        assert Counter((one.vm_id, one.raw_name) for one in found) == {
            (of["id"].lower(), raw): count for of in few for raw in (*seed.counters(of), seed.OWN)
        }


def test_single_samples_of_both_systems(empty: Emulator) -> None:
    windows, linux = ESTATE[:2]
    moments = seed.moments(DAY + timedelta(hours=9), 240, timedelta(seconds=15))
    raw = r"\Processor(_Total)\% Processor Time"
    seed.write(
        empty.service(),
        SAMPLES,
        [seed.windows_entity(windows, raw, moment, number, number / 2) for number, moment in enumerate(moments)],
    )
    for number, moment in enumerate(moments[::20]):
        row = seed.linux_entity(linux, 4, moment, number, PercentProcessorTime=number, PercentIdleTime=99)
        seed.write(empty.service(), "LinuxCpuVer2v0", [row])
    found = read(empty, windows, counters=["cpu_percent"])
    assert [one.average for one in found] == [number / 2 for number in range(240)]
    assert [one.at for one in found] == moments
    found = read(empty, linux, counters=["cpu_percent"])
    assert [(one.average, one.at) for one in found] == list(zip(range(12), moments[::20], strict=True))
