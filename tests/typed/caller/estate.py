"""What a caller writes against the public API: it must pass the strict modes of mypy and pyright as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_type

import hybridinv as hi


def collected(password: str) -> hi.Inventory:
    with hi.VSphere("vc01.example.com", username="reader", password=password) as vcenter:
        assert_type(vcenter.vms(), hi.Records[hi.VirtualMachine])
        assert_type(vcenter.vmkernel_adapters(detail="full"), hi.Records[hi.VMkernelAdapter])
        assert_type(vcenter.capabilities, frozenset[str])
        return hi.collect([vcenter, hi.Azure(), hi.AzureArc(cloud="AzureUSGovernment")], ["vms", "hosts"], deadline=60)


def shown(step: hi.Progress) -> None:
    print(f"{step.source}: {step.read} of {step.expected}")


def of_an_estate(path: Path) -> hi.Inventory:
    return hi.collect(hi.open_estate(path), progress=shown)


def tables(inv: hi.Inventory) -> None:
    assert_type(inv.vms, hi.Records[hi.VirtualMachine])
    assert_type(inv.hosts[0], hi.Host)
    assert_type(inv.hosts[:5], hi.Records[hi.Host])
    assert_type(inv.vms.get("vsphere://x/vm-1"), hi.VirtualMachine)
    assert_type(inv.vms.find("web01"), hi.VirtualMachine | None)
    assert_type(inv.vms.where(power_state="running"), hi.Records[hi.VirtualMachine])
    assert_type(inv.vms.where(lambda vm: len(vm.disks) > 4, platform="vsphere"), hi.Records[hi.VirtualMachine])
    assert_type([vm.memory_bytes for vm in inv.vms], list[int | None])
    assert_type({host.name: host.nics for host in inv.hosts}, dict[str, tuple[hi.PhysicalNic, ...]])
    assert_type(inv.problems, hi.Records[hi.Problem])
    assert_type(inv.vms + inv.vms, hi.Records[hi.VirtualMachine])
    assert_type(inv.taken_at, datetime)
    assert_type(inv.sources, tuple[str, ...])
    assert_type(inv.sql("select name from vms").columns, list[str])


def fields(vm: hi.VirtualMachine, host: hi.Host, adapter: hi.VMkernelAdapter) -> None:
    assert_type(vm.power_state, hi.PowerState)
    assert_type(vm.agent.status, hi.AgentStatus)
    assert_type(vm.created_at, datetime | None)
    assert_type(vm.tags.get("Environment"), str | None)
    assert_type(vm.snapshots[0].created_at, datetime | None)
    assert_type(host.capabilities, frozenset[str])
    assert_type(hi.VMkernelService.VMOTION in adapter.services, bool)
    labels: Mapping[str, str] = vm.tags
    print(labels)


def made_by_hand() -> hi.Inventory:
    vm = hi.VirtualMachine(
        id="vsphere://x/vm-1",
        name="web01",
        platform="vsphere",
        source="vc01",
        power_state=hi.PowerState.RUNNING,
        cpus=4,
        disks=(hi.Disk(name="Hard disk 1", capacity_bytes=2**30),),
        tags=hi.Tags({"Environment": "test"}),
    )
    return hi.Inventory(vms=[vm], hosts=[hi.Host(id="h", name="esx01", platform="vsphere", source="vc01")])


def answers(inv: hi.Inventory) -> None:
    plan = hi.plan_migration(inv, "web01", to_host="esx02", rules="vendor")
    assert_type(plan, hi.MigrationPlan)
    assert_type(plan.feasible, bool)
    for flow in plan.flows:
        assert_type(flow.source_adapter, hi.VMkernelAdapter | None)
        assert_type(flow.seconds, float | None)
    assert_type(plan.findings[0].severity, hi.Severity)
    assert_type(hi.migration_matrix(inv), hi.Records[hi.MigrationPath])
    for impact in hi.plan_maintenance(inv, ["esx01"], update="restart").impacts:
        assert_type(impact.effect, hi.Effect)
    assert_type(hi.same_machines(inv), hi.Records[hi.MachineMatch])
    assert_type(hi.arc_coverage(inv), hi.Records[hi.ArcCoverage])
    assert_type(inv.diff(inv), hi.Records[hi.Change])


def onboarding(inv: hi.Inventory) -> str:
    target = hi.OnboardingTarget(
        subscription_id="00000000-0000-0000-0000-000000000001",
        resource_group="servers",
        tenant_id="00000000-0000-0000-0000-000000000002",
        location="westeurope",
    )
    plan = hi.plan_onboarding(inv, target)
    assert_type([case.reason for case in plan.skipped], list[hi.OnboardingReason])
    return hi.render_script(target, "linux", "device-code")


def catalogue(arm: hi.Azure, inv: hi.Inventory) -> hi.Records[hi.Finding]:
    images = arm.extension_images("westeurope", publishers=["Microsoft.Azure.*"], latest=True)
    assert_type(images, hi.Records[hi.ExtensionImage])
    return hi.check_extensions(inv, images) + hi.check_agents(inv)


def counters(vm: hi.VirtualMachine, end: datetime) -> float | None:
    from azure.core.credentials import AzureNamedKeyCredential

    samples = hi.read_diagnostics(
        vm,
        account_url="https://diag01.table.core.windows.net",
        credential=AzureNamedKeyCredential("diag01", "key"),
        start=end - timedelta(hours=1),
        end=end,
        counters=["cpu_percent"],
    )
    assert_type(samples, hi.Records[hi.MetricSample])
    assert_type(hi.daily_summaries(samples), hi.Records[hi.MetricSummary])
    return samples[0].average if samples.complete and samples else None


def written(inv: hi.Inventory, folder: Path) -> None:
    inv.save(folder / "estate.json")
    hi.write_html(inv, folder / "report.html")
    hi.write_workbook(inv, folder / "estate.xlsx")
    assert_type(hi.read_workbook(folder / "estate.xlsx"), hi.Inventory)
    assert_type(hi.write_parquet(inv, folder / "parquet"), list[Path])
    assert_type(hi.anonymise(inv), hi.Inventory)
    try:
        assert_type(hi.load(folder / "estate.json"), hi.Inventory)
    except hi.InventoryFileError as error:
        assert_type(error.remedy, str)
    except hi.IncompleteInventory as error:
        assert_type(error.problems, tuple[hi.Problem, ...])
