"""How fast all machines of a vCenter are read, against pyVmomi, govc and a bare fetch of the same answers."""

from __future__ import annotations

import functools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from live.simulation import PASSWORD, Simulator, running  # noqa: E402
from report import Measure, Section, at_most, run_alone  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

BUILD = HERE.parent / "build"
VMS = 10_000
TOUCHED = 10
_SIZES = (0.1, 1, 3)


def measure(rounds: int, vms: int = VMS) -> Section:
    """The section of the page."""
    with _simulator(vms, "-stock-collector") as simulator:
        paths = _peer("paths", _way(simulator))
        found = _read_by(rounds, vms, _peers(simulator, paths))
    with _simulator(vms) as simulator:
        faster = _read_by(rounds, vms, {name: _peers(simulator, paths)[name] for name in ("hybridinv", "bare")})
        refreshed = _refresh(simulator, rounds)
    return Section(
        "vSphere",
        (HERE / "vsphere.md").read_text(encoding="utf-8").format(vms=vms, hosts=_hosts(vms), paths=len(paths)),
        [*_compared(found), *_from_a_faster_server(faster), *refreshed, *_growth(rounds, vms)],
    )


def _hosts(vms: int) -> int:
    return max(4, vms // 100)


def _way(simulator: Simulator) -> dict[str, Any]:
    return {name: getattr(simulator, name) for name in ("host", "port", "username", "ca_file")}


def _peers(simulator: Simulator, paths: list[str]) -> dict[str, Callable[[], dict[str, Any]]]:
    way = _way(simulator)
    return {
        "hybridinv": functools.partial(_peer, "hybridinv", way),
        "bare": functools.partial(_peer, "bare", way),
        "govc": functools.partial(_govc, way, paths),
        "pyvmomi": functools.partial(_peer, "pyvmomi", way),
    }


def _read_by(rounds: int, vms: int, peers: dict[str, Callable[[], dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What each peer gave, round by round; every second round goes the other way."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in peers}
    for number in range(rounds):
        for name in list(peers)[:: -1 if number % 2 else 1]:
            found[name].append(peers[name]())
            if found[name][-1]["count"] != vms:
                raise SystemExit(f"{name} read {found[name][-1]['count']} of {vms} machines")
    return found


def _simulator(vms: int, *flags: str) -> Any:
    arguments = ("-scene", "plain", "-vms", str(vms), "-hosts", str(_hosts(vms)), *flags)
    return running(BUILD / "simulator", *arguments)


def _compared(found: dict[str, list[dict[str, Any]]]) -> list[Measure]:
    wall = {name: _median(results, "wall") for name, results in found.items()}
    cpu = {name: _median(results, "cpu") for name, results in found.items()}
    megabytes = _median(found["bare"], "bytes") / 1e6
    notes = {"bare": f"{megabytes:.0f} MB of SOAP", "govc": "CPU of the whole process", "hybridinv": "`VSphere.vms()`"}
    times = [
        Measure(f"{name}: wall, CPU", f"{wall[name]:.2f} s, {cpu[name]:.2f} s", note=notes.get(name, ""))
        for name in found
    ]
    ours = found["hybridinv"]
    return [
        *times,
        at_most("wall, of pyVmomi's", wall["hybridinv"] / wall["pyvmomi"], 0.33),
        at_most("CPU, of pyVmomi's", cpu["hybridinv"] / cpu["pyvmomi"], 0.12, form="{:.3f}"),
        at_most("wall, of govc's", wall["hybridinv"] / wall["govc"], 0.7),
        at_most("wall, of a bare fetch's", wall["hybridinv"] / wall["bare"], 1.3),
        at_most("memory of the records, at the peak, MiB", _median(ours, "mib"), 200, form="{:.0f}"),
        Measure("requests", f"{_median(ours, 'requests'):.0f}", note="7 of them are there for any number of machines"),
    ]


def _from_a_faster_server(found: dict[str, list[dict[str, Any]]]) -> list[Measure]:
    ours, bare = (_median(found[name], "wall") for name in ("hybridinv", "bare"))
    note = "from the tests' own collector: there our decoding is the slower half"
    return [
        Measure("a faster server: hybridinv, bare: wall", f"{ours:.2f} s, {bare:.2f} s", note=note),
        Measure("a faster server: wall, of a bare fetch's", f"{ours / bare:.2f}"),
    ]


def _refresh(simulator: Simulator, rounds: int) -> list[Measure]:
    full, changed, quiet, cpu = [], [], [], []
    with simulator.adapter(timeout=120) as vcenter:
        vcenter.refresh()
        for _ in range(rounds):
            full.append(_seconds(vcenter.inventory))
            simulator.touch(TOUCHED)
            began = time.process_time()
            changed.append(_seconds(lambda: _check(vcenter.refresh())))
            cpu.append(time.process_time() - began)
            quiet.append(_seconds(vcenter.refresh))
    whole, some = statistics.median(full), statistics.median(changed)
    return [
        Measure("inventory(): all kinds", f"{whole:.2f} s"),
        Measure(f"refresh() after {TOUCHED} changes: wall, CPU", f"{some:.3f} s, {statistics.median(cpu):.3f} s"),
        Measure("refresh() when nothing has changed", f"{statistics.median(quiet):.3f} s"),
        at_most("refresh(), of the full read", some / whole, 0.02, form="{:.4f}"),
    ]


def _check(result: Any) -> None:
    ids = {change.id for change in result.changes if change.kind == "vms"}
    if result.full or len(ids) != TOUCHED:
        raise SystemExit(f"refresh() found {len(ids)} of {TOUCHED} changed machines, full={result.full}")


def _growth(rounds: int, vms: int) -> list[Measure]:
    """Seconds a machine with ever more machines."""
    each = {}
    for size in (int(vms * factor) for factor in _SIZES):
        with _simulator(size) as simulator:
            results = [_peer("hybridinv", _way(simulator)) for _ in range(min(rounds, 3))]
        each[size] = _median(results, "wall") / size * 1000, _median(results, "cpu") / size * 1000
    sizes = sorted(each)
    shown = [
        Measure(f"{size:,} machines: wall, CPU, of each", f"{each[size][0]:.2f} ms, {each[size][1]:.2f} ms")
        for size in sizes
    ]
    return [
        *shown,
        at_most(
            f"CPU of a machine, {sizes[2]:,} to {sizes[1]:,}", each[sizes[2]][1] / each[sizes[1]][1], 1.1,
            note="at most linear, and 10 % of noise",
        ),
    ]  # fmt: skip


def _peer(name: str, way: dict[str, Any]) -> Any:
    """What a peer says, run in a process of its own."""
    said = subprocess.run(
        [sys.executable, HERE / "vsphere_peers.py", name], input=json.dumps(way).encode(), stdout=subprocess.PIPE,
        env=_environment(), check=True,
    )  # fmt: skip
    return json.loads(said.stdout)


def _govc(way: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    login = {
        "GOVC_URL": f"https://{way['host']}:{way['port']}/sdk", "GOVC_USERNAME": way["username"],
        "GOVC_PASSWORD": PASSWORD, "GOVC_TLS_CA_CERTS": way["ca_file"], "GOVC_PERSIST_SESSION": "false",
    }  # fmt: skip
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(
        [BUILD / "govc", "object.collect", "-json", "-type", "m", "/", *paths],
        stdout=subprocess.PIPE, env={**_environment(), **login}, check=True,
    )  # fmt: skip
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "count": _machines(said.stdout)}


def _machines(answer: bytes) -> int:
    """How many machines are in what govc has written: one document, or one after the other."""
    text, at, found = answer.decode(), 0, set()
    decoder = json.JSONDecoder()
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        while at < len(text) and text[at].isspace():
            at += 1
        for update in document if isinstance(document, list) else [document]:
            found.add(str((update.get("obj") or update.get("Obj") or {}).get("value", len(found))))
    return len(found)


def _environment() -> dict[str, str]:
    return {**os.environ, "SIMULATOR_PASSWORD": PASSWORD, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _median(results: list[dict[str, Any]], name: str) -> float:
    return statistics.median(result[name] for result in results)


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    run_alone(measure)
