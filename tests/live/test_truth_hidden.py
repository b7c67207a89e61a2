"""What an account may not read, by the truth: each property is a Problem that names object, path and privilege."""

import pytest

from hybridinv.wire.vim.paths import property_paths
from live.telling import shown

pytestmark = pytest.mark.live

OBJECTS = {"VirtualMachine": "vms", "HostSystem": "hosts", "Datastore": "datastores"}
KINDS = ("vms", "hosts", "vmkernel_adapters", "datastores", "networks", "switches")


def refusals(simulator, detail):
    """Kind, path and object of all that is asked for and hidden."""
    for kind in KINDS:
        for type_, paths in property_paths(kind, simulator.truth["api_version"], detail).items():
            for one in simulator.truth[OBJECTS[type_]] if type_ in OBJECTS else ():
                for hidden in one.get("hidden", ()):
                    for path in paths:
                        if path == hidden or path.startswith(f"{hidden}."):
                            yield kind, path, one


def test_each_is_said_once_with_object_path_and_privilege(awkward, read, detail):
    inventory = read(awkward, detail)
    expected = list(refusals(awkward, detail))
    assert {path.partition(".")[0] for _, path, _ in expected} == {"config", "guest", "summary"}
    refused = [problem for problem in inventory.problems if problem.error]
    assert sorted((problem.kind, problem.scope) for problem in refused) == sorted(
        (kind, f"{awkward.id_of(one['moref'])} {path}") for kind, path, one in expected
    )
    for kind, path, one in expected:
        scope = f"{awkward.id_of(one['moref'])} {path}"
        problem = next(p for p in refused if (p.kind, p.scope) == (kind, scope))
        assert problem.error == "AccessDenied"
        for said in (shown(one["name"]), path, "System.Read"):
            assert said in problem.message
        assert "Read-only" in problem.remedy


def test_a_record_has_its_own_problems_with_it(awkward, read, detail):
    inventory = read(awkward, detail)
    for kind, path, one in refusals(awkward, detail):
        if kind in OBJECTS.values():
            record = inventory.tables()[kind].get(awkward.id_of(one["moref"]))
            assert f"{record.id} {path}" in [problem.scope for problem in record.problems]
