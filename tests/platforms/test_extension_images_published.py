"""Azure's and Arc's catalogues as their own vendor recorded them, through the public adapters."""

import json

import httpx

import hybridinv as hi
from arm_server import Credential
from published import PUBLISHED

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
ABSENT_HERE = {"error": {"code": "NotFound", "message": "it was not recorded"}}


class Recorded(httpx.MockTransport):
    """Answers what was recorded for a path, with its headers; else 404, as for a publisher without extensions."""

    def __init__(self, *names):
        super().__init__(self.answer)
        self.known, self.seen = {}, []
        for name in names:
            for one in json.loads((PUBLISHED / "recordings" / f"{name}.json").read_bytes())["exchanges"]:
                if one["status"] == 200:
                    self.known[httpx.URL(one["url"]).path.lower()] = one

    def answer(self, request):
        path = request.url.path.lower()
        self.seen.append(path)
        one = self.known.get(path)
        if one is None:
            return httpx.Response(404, json=ABSENT_HERE)
        return httpx.Response(200, json=one["body"], headers=one["response_headers"])


def adapter_of(kind, transport):
    return kind(credential=Credential(), subscription_ids=[SUBSCRIPTION], transport=transport)


def test_a_whole_region_of_azure_as_far_as_it_was_recorded(tmp_path):
    transport = Recorded(
        "azure-publishers-2024-07-01", "azure-extension-image-2022-11-01", "azure-vm-extensions-2024-07-01"
    )
    azure = adapter_of(hi.Azure, transport)
    images = azure.extension_images("West US", cache=tmp_path)
    rows = [
        row
        for path, one in transport.known.items()
        if "/locations/westus/" in path and "/artifacttypes/" in path and path.endswith("/versions")
        for row in one["body"]
    ]
    assert {one.id for one in images} == {row["id"].lower() for row in rows}
    assert len(images) == len(rows) > 51
    # Of types that are listed and whose versions nobody recorded the server says 404: that is a contradiction.
    unrecorded = {
        f"westus/{path.split('/')[8]}/{row['name']}".lower()
        for path, one in transport.known.items()
        if "/locations/westus/" in path and path.endswith("/vmextension/types")
        for row in one["body"]
        if f"{path}/{row['name']}/versions".lower() not in transport.known
    }
    assert unrecorded
    assert {one.scope.lower() for one in images.problems} == unrecorded
    assert sum(path.endswith("/types") for path in transport.seen) == 2180
    diagnostics = images.where(type="IaaSDiagnostics")
    assert len(diagnostics) == 51
    numbers = [tuple(map(int, one.version.split("."))) for one in diagnostics]
    assert numbers == sorted(numbers)
    (newest,) = azure.extension_images("westus", types="iaasdiagnostics", latest=True, cache=tmp_path)
    assert newest == diagnostics[-1]
    assert len(transport.seen) == len(set(transport.seen))  # the second time nothing was asked again


def test_the_versions_of_one_type_at_a_hubs_api_version():
    transport = Recorded("azure-extension-image-2020-06-01")
    images = adapter_of(hi.Azure, transport).extension_images(
        "eastus", publishers="Microsoft.Compute", types="VMAccessAgent"
    )
    assert (len(images), len(transport.seen)) == (14, 1)


def test_the_versions_of_one_type_of_arc_without_the_newer_lists():
    transport = Recorded("arc-machine-and-extensions-2024-07-10")
    images = adapter_of(hi.AzureArc, transport).extension_images(
        "eastus", publishers="Microsoft.Azure.NetworkWatcher", types="NetworkWatcherAgentWindows"
    )
    assert (len(images), images.complete) == (42, True)
    assert {one.publisher for one in images} == {"microsoft.azure.networkwatcher"}
    assert [path.split("/")[1] for path in transport.seen] == ["providers", "subscriptions"]
