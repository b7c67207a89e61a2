"""`read_diagnostics`: the counters that the diagnostics extension wrote to storage accounts."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from hybridinv.diagnostics.found import Gap
from hybridinv.diagnostics.question import checked_machines, checked_question
from hybridinv.diagnostics.tables import read_machine
from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model import MetricSample, Problem
from hybridinv.tables import Records
from hybridinv.transport.client import TIMEOUT
from hybridinv.transport.parallel import side_by_side
from hybridinv.transport.storage import TableAccount
from hybridinv.wire.storage_tables import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from os import PathLike

    import httpx

    from hybridinv.diagnostics.found import Found
    from hybridinv.diagnostics.question import Machine, Question
    from hybridinv.model import VirtualMachine

KIND = "diagnostics"
_SHOWN_NOTES = 20
_NOTHING = (
    "check that the machine has the diagnostics extension, which account its settings name (storageAccount), and that "
    "their metrics.resourceId is this id; pass that text as vm= where it is spelt otherwise"
)
_SHORTER = "ask for a time that was recorded; the tables of older times may have been removed"
_SPELT = (
    "; after a first page they are asked for by name (as documented, in small and in big letters): leave counters= out "
    "where the names are spelt otherwise"
)
_FEW = (
    "ask for a longer time, for more counters, or with grain= for these tables: one counter over one hour takes "
    "10 requests at most, single samples of Linux apart"
)
_ODD = "the value is left unknown; check what wrote the table"


def read_diagnostics(
    vm: VirtualMachine | str | Iterable[VirtualMachine | str],
    *,
    account_url: str | Sequence[str],
    credential: Any,
    start: datetime,
    end: datetime,
    counters: Iterable[str] | None = None,
    grain: str | None = None,
    ca_file: str | PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    transport: httpx.BaseTransport | None = None,
) -> Records[MetricSample]:
    """The samples of one machine or several, in order of time; what is missing is in `problems`, with the reason.

    `vm` is a `VirtualMachine` of Azure or Azure Stack Hub, or its ARM id as text. `account_url` is what the account
    calls `primaryEndpoints.table`; `credential` is azure.core's `AzureNamedKeyCredential` or `AzureSasCredential`, or,
    in Azure, any credential of azure.identity. Of several accounts, give as many of both; one token credential does for
    all. What begins from `start` until before `end` is read; both need a zone.

    `counters` are our words (`cpu_percent`, …), all where none are named; then what there is no word for is there too,
    with `counter` empty. Values are in `unit`; `raw_name` is the agent's name.

    `grain` says which tables are read: `"PT1M"` or `"PT1H"` (`WADMetrics…`, by minutes or hours; `"PT5M"`, `"PT15M"`
    and `"PT30M"` where the settings have them), or `"samples"` (`WADPerformanceCountersTable`, `LinuxCpuVer2v0` and the
    like). Without it, minutes for a day or less, hours for more; where these have a counter for less than half of the
    time, the other ones too, then the samples. Each counter is taken of one of them: of the first that has half of what
    the fullest has.

    A busy account is asked again for two minutes at most; `hi.deadline` makes that longer, or shorter.

    Raises `NotSupported` for what cannot be asked, and the account's own error (`AuthenticationFailed`, `AccessDenied`,
    `ConnectFailed`, …) where nothing at all could be read; where a part could be, the rest is a problem.
    """
    machines, question = checked_machines(vm), checked_question(start, end, counters, grain)
    urls: list[Any] = list(account_url) if isinstance(account_url, (list, tuple)) else [account_url]
    options: dict[str, Any] = {"ca_file": ca_file, "timeout": timeout, "transport": transport}
    with ExitStack() as stack:
        accounts = [TableAccount(url, one, **options) for url, one in zip(urls, _keys(credential, urls), strict=True)]
        for account in accounts:
            stack.callback(account.close)
        works = [(account, machine) for machine in machines for account in accounts]
        answers = side_by_side(lambda work: read_machine(*work, question), works)
    found = list(zip(works, _checked(answers), strict=True))
    samples: list[MetricSample] = []
    problems: list[Problem] = []
    for machine in machines:
        its = [(account, one) for (account, other), one in found if other is machine]
        read = in_order((sample for _, one in its for sample in one.samples), question.end)
        samples += read
        problems += _problems(machine, its, question, {sample.counter for sample in read})
    return Records(MetricSample, samples, problems)


def _keys(credential: Any, urls: Sequence[str]) -> list[Any]:
    """A credential for each account."""
    if not urls:
        raise NotSupported("account_url= is empty", remedy="pass the account's primaryEndpoints.table")
    several = list(credential) if isinstance(credential, (list, tuple)) else [credential] * len(urls)
    if len(several) != len(urls):
        raise NotSupported(
            f"there are {len(urls)} accounts and {len(several)} credentials", remedy="pass one for each, in their order"
        )
    return several


def _checked(answers: Sequence[Found | HybridInvError]) -> list[Found]:
    """The answers; the first error where nothing could be read."""
    found = []
    for one in answers:
        if isinstance(one, HybridInvError):
            raise one
        found.append(one)
    if all(one.errors and not one.samples for one in found):
        raise found[0].errors[0][1]
    return found


def _problems(
    machine: Machine, its: Sequence[tuple[TableAccount, Found]], question: Question, read: set[str]
) -> Iterator[Problem]:
    """Why samples of a machine are missing."""
    for account, found in its:
        for table, error in found.errors:
            what = f"{table}: {error.message}" if table and table not in error.message else error.message
            yield _problem(machine, account.source, type(error).__name__, what, error.remedy)
        notes = list(dict.fromkeys(found.notes))
        for table, note in notes[:_SHOWN_NOTES]:
            yield _problem(machine, account.source, "UnexpectedAnswer", f"{table}: {note}", _ODD)
        if len(notes) > _SHOWN_NOTES:
            message = f"{len(notes) - _SHOWN_NOTES} more values that could not be read"
            yield _problem(machine, account.source, "UnexpectedAnswer", message, _ODD)
    has_errors = any(found.errors for _, found in its)
    sources = ", ".join(account.source for account, _ in its)
    if not any(found.samples or (found.others and question.counters) for _, found in its):
        if not has_errors:
            where = "; ".join(f"{account.source} {_lacks(found)}" for account, found in its)
            yield _problem(machine, sources, "NotFound", f"nothing of {machine.name}: {where}", _NOTHING)
        return
    for account, found in its:
        if found.unasked:
            message = f"not all was looked for in {', '.join(dict.fromkeys(found.unasked))}"
            yield _problem(machine, account.source, "NotFound", message, _FEW)
    for account, found in its:
        for gap in _joined(found.absent) if found.samples else ():
            message = f"there is no table {gap.table}: nothing of {_time(gap)}"
            yield _problem(machine, account.source, "NotFound", message, _SHORTER)
        for gap in _joined(found.empty) if found.samples else ():
            message = f"there is nothing of {machine.name} in {gap.table}: nothing of {_time(gap)}"
            yield _problem(machine, account.source, "NotFound", message, _SHORTER)
    unread = [name for name in question.counters or () if name not in read]
    if unread and not has_errors:
        message = f"nothing of {machine.name} for {', '.join(unread)}, though other counters are there"
        remedy = "the extension's settings say what it records"
        remedy += _SPELT if any(found.by_name for _, found in its) else ""
        yield _problem(machine, sources, "NotFound", message, remedy)


def _lacks(found: Found) -> str:
    """Why an account has nothing of a machine."""
    absent = ", ".join(gap.table for gap in _joined(found.absent))
    empty = ", ".join(gap.table for gap in _joined(found.empty))
    unasked = ", ".join(dict.fromkeys(found.unasked))
    strangers = ", ".join(found.strangers)
    others = ", ".join(found.others)
    parts = (
        f"has no table {absent}" if absent else "",
        f"has nothing of it and this time in {empty}" if empty else "",
        f"has rows of it that could not be read in {others}" if others else "",
        f"has rows of another machine of that name, {strangers} (pass the ARM id as text where it is this one)"
        if strangers
        else "",
        f"was not asked for every form of key in {unasked} (one counter over one hour takes 10 requests at most, "
        "single samples of Linux apart; a longer time more)"
        if unasked
        else "",
    )
    return " and ".join(filter(None, parts))


def _joined(gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps, those that follow each other as one."""
    joined: list[Gap] = []
    for gap in gaps:
        if joined and joined[-1].ends_at == gap.begins_at:
            first = joined.pop()
            gap = Gap(f"{first.table.partition(' to ')[0]} to {gap.table}", first.begins_at, gap.ends_at)
        joined.append(gap)
    return joined


def _time(gap: Gap) -> str:
    return f"{gap.begins_at:%Y-%m-%d %H:%M} to {gap.ends_at:%Y-%m-%d %H:%M} UTC"


def _problem(machine: Machine, source: str, error: str, message: str, remedy: str) -> Problem:
    message = "".join(one if one.isprintable() else repr(one)[1:-1] for one in message)
    return Problem(
        platform=machine.platform, source=source, kind=KIND, scope=machine.id, error=error, message=message,
        remedy=remedy,
    )  # fmt: skip
