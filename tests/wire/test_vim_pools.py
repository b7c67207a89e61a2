"""ResourcePool and VirtualApp rows → resource pools."""

from hybridinv.model import Allocation
from hybridinv.wire.vim.pools import read_resource_pools
from wire.vim_rows import DENIED, id_of, row, tree
from wire.vim_whole import ROOT_POOL, whole_pool, whole_tree


def test_a_pool():
    root, found = read_resource_pools([ROOT_POOL, whole_pool()], whole_tree())
    assert (root.path, root.parent_id, root.kind) == ("Resources", "", "resource-pool")
    assert (found.path, found.parent_id, found.cluster_id) == (
        "Resources/Prod", id_of("resgroup-1"), id_of("domain-c1"),
    )  # fmt: skip
    assert (found.location, found.vm_ids) == ("Utrecht", (id_of("vm-1"), id_of("vm-2")))
    assert found.cpu_allocation == Allocation(
        reservation=1000, limit=5000, shares=4000, level="normal", expandable=True
    )
    assert found.memory_allocation == Allocation(
        reservation=2**30, limit=None, shares=163840, level="high", expandable=False
    )
    assert (found.configured_memory_bytes, found.memory_usage_bytes) == (2 * 2**30, 2**30)
    assert (found.max_memory_bytes, found.cpu_usage_mhz, found.max_cpu_mhz) == (2**40, 300, 90000)
    assert (found.state, found.custom_attributes, found.tags) == ("green", {"owner": "ops"}, {"tier": "gold"})


def test_vapps_and_names_with_slashes():
    rows = [
        row("VirtualApp", "resgroup-v3", name="Shop", parent="resgroup-2"),
        row("ResourcePool", "resgroup-4", name="Web%2fFront", parent="resgroup-v3"),
        whole_pool(),
        ROOT_POOL,
    ]
    found = {pool.id: pool for pool in read_resource_pools(iter(rows), tree())}
    assert found[id_of("resgroup-v3")].kind == "vapp"
    assert found[id_of("resgroup-4")].path == "Resources/Prod/Shop/Web/Front"
    assert found[id_of("resgroup-4")].name == "Web/Front"


def test_a_circle_of_pools_ends():
    rows = [row("ResourcePool", "resgroup-1", name="a", parent="resgroup-2"),
            row("ResourcePool", "resgroup-2", name="b", parent="resgroup-1")]  # fmt: skip
    assert [pool.path for pool in read_resource_pools(rows, tree())] == ["b/a", "a/b"]


def test_a_limit_of_nought_is_a_limit():
    [found] = read_resource_pools([row("ResourcePool", "resgroup-1", config__cpuAllocation={"limit": "0"})], tree())
    assert found.cpu_allocation.limit == 0


def test_what_was_refused_is_said():
    [found] = read_resource_pools([row("ResourcePool", "resgroup-1", {"vm": DENIED})], tree())
    assert [(problem.error, problem.kind) for problem in found.problems] == [("AccessDenied", "resource_pools")]
