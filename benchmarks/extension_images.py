"""The extension catalogue of a region: ours, and the pipeline that asks one after the other."""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from report import Measure, Section, at_most, run_alone  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHERS, EACH, TYPES, VERSIONS = 2180, 20, 4, 12
IMAGES = PUBLISHERS // EACH * TYPES * VERSIONS
REQUESTS = 1 + PUBLISHERS + PUBLISHERS // EACH * TYPES
DELAY = 0.02
WIDE, TIGHT = (18_000, 100), (250, 25)
VERSION, LOCATION = "2024-07-01", "westeurope"

TEXT = """
A made-up region of {publishers:,} publishers, as many as westus had in a published recording of 2024. Every {each}th
has extensions, {types} types of {versions} versions each: {images:,} images, {requests:,} requests. The endpoint is an
HTTPS server in a process of its own that takes {delay:.0f} ms for a request and enforces a token bucket.

The wide bucket holds {wide:,} requests and gains {wide_rate} a second, as Azure's own policy for lists of extension
types (18,000 in three minutes, in published recordings), and like those answers it says nothing of ARM's bucket. The
tight one is ARM's documented {tight} and {tight_rate} a second, and announces what is left: no client can take less
than {floor:.0f} s there, and {requests:,} requests one after the other fit in hardly more, so nothing can be several
times as fast. There what is kept is what helps.

The pipeline is what `Get-AzVMImagePublisher | Get-AzVMExtensionImageType | Get-AzVMExtensionImage` asks, one after the
other: once as a bare loop over one kept connection (httpx, JSON decoded, no records), the fastest that it can be, and
once by azure-mgmt-compute. Both run once, ours is a median and asks {workers} at a time.
"""


def serve(pipe: Any, folder: str) -> None:
    """Serve until told to end; runs in a process of its own."""
    from arm_estate import Estate
    from arm_server import ArmServer
    from certificates import Certificates

    estate = Estate("sub-1")
    types = {f"Type{number}": [f"1.{version}.0" for version in range(VERSIONS)] for number in range(TYPES)}
    estate.others.catalogue = {
        f"publisher{number:04}.example": types if number % EACH == 0 else {} for number in range(PUBLISHERS)
    }
    server = ArmServer(estate, Certificates(Path(folder)))
    server.delay = DELAY
    pipe.send(server.url)
    while (bucket := pipe.recv()) is not None:
        pipe.send(dict(server.counts))
        server.counts.clear()
        server.seen.clear()
        server.enforce(*bucket, announces=bucket == TIGHT)


class Region:
    """The server's process, and what is asked of it."""

    def __init__(self, folder: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there, folder), daemon=True)
        self._process.start()
        self._ca_file = str(Path(folder) / "ca.pem")
        self._url = self._pipe.recv()

    def fill(self, bucket: tuple[int, int]) -> dict[str, int]:
        """The requests since the last time, by class; and a full bucket from now on."""
        self._pipe.send(bucket)
        return dict(self._pipe.recv())

    def ours(self, cache: str | bool = False) -> float:
        """Seconds for everything, by our adapter, freshly made."""
        import hybridinv as hi
        from arm_server import Credential

        options = {"endpoint": self._url, "ca_file": self._ca_file, "subscription_ids": ["sub-1"]}
        with hi.Azure(credential=Credential(), **options) as adapter:
            return timed(lambda: len(adapter.extension_images(LOCATION, cache=cache)))

    def bare(self) -> float:
        """Seconds for everything, one request after the other on one connection."""
        import ssl

        import httpx

        from arm_server import TOKEN

        path = f"/subscriptions/sub-1/providers/Microsoft.Compute/locations/{LOCATION}/publishers"
        options: dict[str, Any] = {"params": {"api-version": VERSION}, "trust_env": False, "timeout": 60}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        context = ssl.create_default_context(cafile=self._ca_file)
        with httpx.Client(base_url=self._url, headers=headers, verify=context, **options) as client:

            def names(below: str) -> list[str]:
                answer = client.get(path + below)
                return [item["name"] for item in answer.raise_for_status().json()] if answer.status_code != 404 else []

            def pipeline() -> int:
                return sum(
                    len(names(f"/{publisher}/artifacttypes/vmextension/types/{type_}/versions"))
                    for publisher in names("")
                    for type_ in names(f"/{publisher}/artifacttypes/vmextension/types")
                )

            return timed(pipeline)

    def sdk(self) -> float:
        """Seconds for everything, by azure-mgmt-compute."""
        from azure.core.exceptions import ResourceNotFoundError
        from azure.mgmt.compute import ComputeManagementClient

        from arm_server import Credential

        options = {"base_url": self._url, "credential_scopes": ["https://arm.example/.default"]}
        with ComputeManagementClient(Credential(), "sub-1", connection_verify=self._ca_file, **options) as client:
            images = client.virtual_machine_extension_images

            def types(publisher: str) -> list[str]:
                try:
                    return [one.name for one in images.list_types(LOCATION, publisher)]
                except ResourceNotFoundError:
                    return []

            def pipeline() -> int:
                return sum(
                    len(images.list_versions(LOCATION, publisher.name, type_))
                    for publisher in client.virtual_machine_images.list_publishers(LOCATION)
                    for type_ in types(publisher.name)
                )

            return timed(pipeline)

    def close(self) -> None:
        """End the server."""
        self._pipe.send(None)
        self._process.join()


def timed(work: Callable[[], int]) -> float:
    """Seconds of some work, which must give all images."""
    began = time.perf_counter()
    count = work()
    seconds = time.perf_counter() - began
    if count != IMAGES:
        raise RuntimeError(f"{count} images instead of {IMAGES}")
    return seconds


def measure(rounds: int) -> Section:
    """The whole section."""
    from hybridinv.platforms.extension_catalogue import WORKERS

    with tempfile.TemporaryDirectory() as folder:
        region = Region(folder)
        region.fill(WIDE)
        times, refused = [], 0
        for _ in range(rounds):
            times.append(region.ours())
            refused += region.fill(WIDE).get("refused", 0)
        first = region.ours(f"{folder}/cache")
        region.fill(WIDE)
        again = [region.ours(f"{folder}/cache") for _ in range(rounds)]
        asked = sum(region.fill(WIDE).values())
        bare = region.bare()
        region.fill(WIDE)
        sdk = region.sdk()
        region.fill(TIGHT)
        tight = region.ours()
        tight_counts = region.fill(TIGHT)
        region.close()
    seconds, floor = statistics.median(times), (REQUESTS - TIGHT[0]) / TIGHT[1]
    note = f"{seconds:.1f} s, the bare loop {bare:.1f} s"
    measures = [
        at_most("the whole catalogue, times the bare loop's", seconds / bare, 1 / 8, note, form="{:.3f}"),
        Measure("the bare loop, times ours", f"{bare / seconds:.1f}"),
        Measure("azure-mgmt-compute one after the other, times ours", f"{sdk / seconds:.1f}", note=f"{sdk:.1f} s"),
        at_most("429 answers in the wide bucket", refused, 0, form="{:.0f}"),
        Measure("the whole catalogue, kept meanwhile", f"{first:.1f} s"),
        at_most("the second run, from what is kept", statistics.median(again), 0.2, f"{asked} requests", "{:.3f} s"),
        Measure("the tight bucket: seconds", f"{tight:.1f}", note=f"no client can be below {floor:.1f}"),
        at_most("the tight bucket: 429 answers", tight_counts.get("refused", 0), 0, form="{:.0f}"),
    ]
    text = TEXT.format(
        publishers=PUBLISHERS, each=EACH, types=TYPES, versions=VERSIONS, images=IMAGES, requests=REQUESTS,
        delay=DELAY * 1000, wide=WIDE[0], wide_rate=WIDE[1], tight=TIGHT[0], tight_rate=TIGHT[1], floor=floor,
        workers=WORKERS,
    )  # fmt: skip
    return Section("The extension catalogue", text, measures)


if __name__ == "__main__":
    run_alone(measure)
