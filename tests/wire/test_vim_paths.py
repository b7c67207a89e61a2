"""The property paths against pyVmomi's types: a typo fails a whole list at a real vCenter, and at no simulator."""

import pytest
from pyVmomi import VmomiSupport, vim

from hybridinv.wire.vim.paths import FULL, SUMMARY, property_paths

KINDS = sorted({*SUMMARY, *FULL})
DETAILS = ["summary", "full"]
OLDEST, NEWEST = "6.5", "9.0.0.0"


def numbers(version):
    return tuple(int(part) for part in version.split("."))


def known_since(version):
    """The API version of one of pyVmomi's internal versions."""
    for namespace, name in VmomiSupport.versionMap.items():
        if name == version and namespace.startswith("vim25/"):
            return numbers(namespace.partition("/")[2].partition("u")[0])
    assert version in ("vim.version.version1", "vmodl.version.version0", "vmodl.version.version1"), version
    return (2, 0)


def walk(type_name, path):
    """The properties along a path, by static types alone, as a server resolves it."""
    type_ = VmomiSupport.GetWsdlType("urn:vim25", type_name)
    for step in path.split("."):
        assert not type_.__name__.endswith("[]"), f"{type_name}: {path} goes through an array"
        info = type_._GetPropertyInfo(step)
        yield info
        type_ = info.type


ASKED = sorted(
    {
        (type_name, path, kind)
        for kind in KINDS
        for type_name, paths in property_paths(kind, NEWEST, "full").items()
        for path in paths
    }
)


@pytest.mark.parametrize(("type_name", "path", "kind"), ASKED)
def test_every_path_is_one_that_a_server_knows(type_name, path, kind):
    since = max(known_since(info.version) for info in walk(type_name, path))

    def is_asked(version):
        return path in property_paths(kind, version, "full").get(type_name, ())

    assert is_asked(OLDEST) == (since <= numbers(OLDEST))
    if since > numbers(OLDEST):
        first = ".".join(map(str, since))
        before = ".".join(map(str, (*since[:-1], since[-1] - 1))) if since[-1] else "6.7"
        assert is_asked(first)
        assert not is_asked(before)


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_path_is_within_another(kind, detail):
    for paths in property_paths(kind, NEWEST, detail).values():
        assert len(set(paths)) == len(paths)
        assert not [(one, other) for one in paths for other in paths if other.startswith(f"{one}.")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_that_is_asked_for_can_be_in_a_view(kind):
    for type_name in property_paths(kind, NEWEST, "full"):
        assert issubclass(VmomiSupport.GetWsdlType("urn:vim25", type_name), vim.ManagedEntity)


@pytest.mark.parametrize("kind", KINDS)
def test_the_summary_is_part_of_the_full_detail(kind):
    full = property_paths(kind, NEWEST, "full")
    for type_name, paths in property_paths(kind, NEWEST).items():
        assert set(paths) <= set(full[type_name])


def test_what_is_heavy_is_asked_for_only_in_full():
    heavy = {"config.extraConfig", "runtime.featureRequirement", "layoutEx.file", "summary.quickStats"}
    assert not heavy & set(property_paths("vms", NEWEST)["VirtualMachine"])
    assert heavy <= set(property_paths("vms", NEWEST, "full")["VirtualMachine"])


def test_versions_with_fewer_or_more_parts_compare():
    def asked(version):
        return "config.createDate" in property_paths("vms", version)["VirtualMachine"]

    assert [asked(v) for v in ("6.5", "6.5.0.0", "6.7", "6.7.3", "7.0.0.0", "8.0.3.0", "")] == [
        False, False, True, True, True, True, False,
    ]  # fmt: skip


def test_a_type_walk_finds_a_typo():
    with pytest.raises(AttributeError):
        list(walk("VirtualMachine", "config.hardware.numCpu"))
    with pytest.raises(AssertionError):
        list(walk("HostSystem", "config.network.vnic.device"))
