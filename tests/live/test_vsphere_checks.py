"""check_migration: what the server finds, where the plan differs, and that nothing moves."""

import re

import attrs
import httpx
import pytest
from pyVmomi import vim

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.platforms.vsphere_checks import _Asking
from live.simulation import PASSWORD, Interrupted, Wire

pytestmark = pytest.mark.live

KINDS = ("hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches")
REFUSAL = b"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>
<faultcode>ServerFaultCode</faultcode><faultstring>Permission was denied.</faultstring><detail>
<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><object type="VirtualMachine">vm-1</object>
%s</NoPermissionFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


@pytest.fixture(scope="module")
def networks(simulate):
    return simulate("-scene", "networks")


@pytest.fixture(scope="module")
def inventory(networks):
    with networks.adapter() as vcenter:
        return vcenter.inventory(KINDS)


def check(simulator, plan):
    with simulator.adapter() as vcenter:
        return vcenter.check_migration(plan)


class Refused(Wire):
    """A wire on which a check is refused."""

    privilege = b"<privilegeId>Resource.HotMigrate</privilegeId>"

    def handle_request(self, request):
        response = super().handle_request(request)
        if not self.operations[-1].startswith("Check"):
            return response
        response.read()
        return httpx.Response(500, content=REFUSAL % self.privilege)


class Unexplained(Refused):
    privilege = b""


class Unsteady(Wire):
    """A wire on which the first check gets no answer for now."""

    def handle_request(self, request):
        response = super().handle_request(request)
        if not self.operations[-1].startswith("Check") or self.counts[self.operations[-1]] > 1:
            return response
        response.read()
        return httpx.Response(503, headers={"Retry-After": "0"})


@pytest.mark.parametrize(
    ("vm", "target", "operation", "both", "only_ours"),
    [
        ("own-adapters-poweredOn-all", {"to_host": "esx-no-provisioning"}, "CheckMigrate_Task", (), ()),
        ("own-adapters-poweredOn-all", {"to_host": "esx-dedicated-stack"}, "CheckMigrate_Task", (), ()),
        ("own-adapters-poweredOn-all", {"to_host": "esx-link-down"}, "CheckMigrate_Task", ("VMotionLinkDown",), ()),
        ("own-adapters-poweredOn-all", {"to_host": "esx-management-only"}, "CheckMigrate_Task",
         ("VMotionNotConfigured",), ()),
        ("own-adapters-poweredOn-local", {"to_host": "esx-no-provisioning"}, "CheckMigrate_Task",
         ("CannotAccessVmDisk",), ()),
        ("own-adapters-poweredOff-all", {"to_host": "esx-management-only"}, "CheckMigrate_Task", (), ()),
        ("own-adapters-poweredOn-local", {"to_host": "esx-link-down", "to_datastore": "san-all"},
         "CheckRelocate_Task", ("VMotionLinkDown",), ()),
        ("own-adapters-poweredOn-local", {"to_datastore": "san-all"}, "CheckRelocate_Task", (), ()),
    ],
)  # fmt: skip
def test_the_server_and_the_plan_agree(networks, inventory, vm, target, operation, both, only_ours):
    plan = hi.plan_migration(inventory, vm, **target)
    found = check(networks, plan)
    assert found.operation == operation
    assert set(found.both) == set(both)
    assert found.only_server == ()
    assert found.only_ours == only_ours
    assert {finding.code for finding in found.findings} == set(both)
    assert found.feasible == (not both)
    assert found.checked_at.tzinfo
    assert all(finding.severity is hi.Severity.BLOCKER for finding in found.findings)


def test_a_finding_is_about_its_host(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-link-down")
    (finding,) = check(networks, plan).findings
    assert finding.subject_id == plan.destination_host_id
    assert "esx-link-down" in finding.message


def test_a_fault_of_a_network_the_other_host_lacks(demo):
    with demo.adapter() as vcenter:
        inv = vcenter.inventory(KINDS)
        found = vcenter.check_migration(hi.plan_migration(inv, "app01", to_host="esx11", to_datastore="branch-san-01"))
    assert "CannotAccessNetwork" in found.both
    subjects = {one.subject_id for one in found.findings if one.code == "CannotAccessNetwork"}
    assert subjects <= {network.id for network in inv.networks}
    assert subjects


def test_what_only_one_of_both_has(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-link-down")
    made_up = [hi.Finding(code=code, severity="blocker") for code in ("CannotAccessVmDisk", "MtuMismatch")]
    found = check(networks, attrs.evolve(plan, findings=made_up))
    assert found.only_server == ("VMotionLinkDown",)
    assert found.only_ours == ("CannotAccessVmDisk",)
    assert found.beyond_server == ("MtuMismatch",)


def test_nothing_moves_and_nothing_but_checks_is_sent(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-no-provisioning")
    with networks.over() as (vcenter, wire):
        vcenter.check_migration(plan)
        assert set(wire.counts) == {
            "RetrieveServiceContent", "Login", "RetrievePropertiesEx", "CheckMigrate_Task",
        }  # fmt: skip
        (again,) = vcenter.vms().where(id=plan.vm.id)
    assert again.host_id == plan.vm.host_id


def test_by_the_checkers_stub_nothing_can_be_moved(networks, inventory):
    vm = inventory.vms[0]
    with networks.over() as (vcenter, wire):
        stub = _Asking(vcenter._session.content.rootFolder._stub)
        machine = vim.VirtualMachine(vm.id.rpartition("/")[2], stub)
        wire.operations.clear()
        for move in (
            lambda: machine.Relocate(vim.vm.RelocateSpec()),
            lambda: machine.MigrateVM_Task(None, None, "defaultPriority", None),
            machine.PowerOff,
        ):
            with pytest.raises(hi.NotSupported):
                move()
        assert wire.operations == []


def test_a_plan_of_yesterday_is_told(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-no-provisioning")
    other = next(host for host in inventory.hosts if host.id not in (plan.source_host_id, plan.destination_host_id))
    found = check(networks, attrs.evolve(plan, source_host_id=other.id))
    assert [finding.code for finding in found.findings] == ["PlanOutdated"]
    assert found.only_server == ()


@pytest.mark.parametrize("wire", [Refused, Unexplained])
@pytest.mark.parametrize(
    ("vm", "needs"),
    [("own-adapters-poweredOn-all", "Resource.HotMigrate"), ("own-adapters-poweredOff-all", "Resource.ColdMigrate")],
)
def test_a_missing_privilege_is_named(networks, inventory, wire, vm, needs):
    plan = hi.plan_migration(inventory, vm, to_host="esx-no-provisioning")
    with networks.over(wire) as (vcenter, _), pytest.raises(hi.AccessDenied) as caught:
        vcenter.check_migration(plan)
    named = "Resource.HotMigrate" if wire is Refused else needs
    assert caught.value.missing == named
    assert named in caught.value.remedy
    assert caught.value.source == networks.adapter().source


def test_a_server_that_is_busy_is_asked_again(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-link-down")
    with networks.over(Unsteady) as (vcenter, wire):
        assert vcenter.check_migration(plan).both == ("VMotionLinkDown",)
    assert wire.counts["CheckMigrate_Task"] == 2


def test_a_session_that_ends_in_the_middle_is_renewed(fresh):
    simulator = fresh("-scene", "networks")
    with simulator.adapter() as vcenter:
        inv = vcenter.inventory(KINDS)
    plan = hi.plan_migration(inv, "own-adapters-poweredOn-all", to_host="esx-link-down")
    with simulator.over(Interrupted, operation="CheckMigrate_Task", do=simulator.terminate) as (vcenter, wire):
        assert vcenter.check_migration(plan).both == ("VMotionLinkDown",)
    assert wire.counts["Login"] == 2


def test_the_deadline_counts(networks, inventory):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-link-down")
    with networks.adapter() as vcenter, pytest.raises(hi.DeadlineExceeded):
        vcenter.check_migration(plan, deadline=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vm": {"source": "other"}}, "ask the adapter of other"),
        ({"destination_host_id": "vsphere://another/host-1"}, "another vCenter"),
        ({"destination_host_id": ""}, "nowhere"),
    ],
)
def test_what_cannot_be_asked(networks, inventory, changes, said):
    plan = hi.plan_migration(inventory, "own-adapters-poweredOn-all", to_host="esx-link-down")
    changed = {name: attrs.evolve(plan.vm, **value) if name == "vm" else value for name, value in changes.items()}
    with networks.over() as (vcenter, wire):
        with pytest.raises(hi.NotSupported, match=re.escape(said)):
            vcenter.check_migration(attrs.evolve(plan, **changed))
        with pytest.raises(hi.NotSupported):
            vcenter.check_migration("web01")
        assert wire.operations == []


@pytest.fixture
def estate_file(networks, tmp_path, monkeypatch):
    monkeypatch.setenv("VC_PASSWORD", PASSWORD)
    file = tmp_path / "hybridinv.toml"
    file.write_text(
        f'[sources.vc]\nplatform = "vsphere"\nhost = "{networks.host}"\nport = {networks.port}\n'
        f'username = "{networks.username}"\npassword = {{ env = "VC_PASSWORD" }}\nca_file = "{networks.ca_file}"\n',
        encoding="utf-8",
    )
    return str(file)


def test_the_command_asks_the_vcenter(estate_file, capsys):
    move = ["own-adapters-poweredOn-all", "--to-host", "esx-link-down"]
    assert main(["plan-migration", estate_file, *move, "--check"]) == 3
    said = capsys.readouterr().out
    assert said.startswith("own-adapters-poweredOn-all cannot move hot")
    assert "The vCenter would refuse it (CheckMigrate_Task)." in said
    assert "agreed: VMotionLinkDown" in said
    assert main(["plan-migration", estate_file, *move]) == 3
    assert "The vCenter" not in capsys.readouterr().out
