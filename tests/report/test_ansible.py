"""The inventory for Ansible, read by Ansible itself: every machine once, in its groups, and no name does any harm."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hybridinv as hi

DEMO = hi.demo()
SAFE_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SAFE_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def machine(id_: str, name: str, **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(id=id_, name=name, platform="vsphere", source="vc01", **fields)


class Ansible:
    """Ansible with an inventory script that answers what we give."""

    def __init__(self, folder: Path, inv: hi.Inventory) -> None:
        self.folder = folder
        (folder / "estate.json").write_text(json.dumps(hi.ansible_inventory(inv)))
        script = folder / "estate.sh"
        script.write_text('#!/bin/sh\ncat "$(dirname "$0")/estate.json"\n')
        script.chmod(0o755)

    def run(self, tool: str, *options: str) -> str:
        told = {"HOME": str(self.folder), "ANSIBLE_HOME": str(self.folder / "home"), "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"), "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1"}  # fmt: skip
        done = subprocess.run(
            [tool, "-i", self.folder / "estate.sh", *options],
            env={**os.environ, **told}, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stderr.lower(), done.stderr
        return done.stdout

    def list(self) -> dict[str, Any]:
        return json.loads(self.run("ansible-inventory", "--list"))

    def said(self, pattern: str, expression: str) -> dict[str, Any]:
        """What hosts say that an expression is, without going there."""
        out = self.run("ansible", pattern, "-c", "local", "-m", "debug", "-a", f"var={expression}")
        return dict(
            re.findall(rf'^(\S+) \| SUCCESS => \{{\s+"{re.escape(expression)}": "?(.*?)"?\s+\}}', out, re.MULTILINE)
        )


def hosts(answer: dict[str, Any]) -> list[str]:
    return list(answer["_meta"]["hostvars"])


def test_ansible_reads_the_demo(tmp_path: Path) -> None:
    ours = hi.ansible_inventory(DEMO)
    ansible = Ansible(tmp_path, DEMO)
    read = ansible.list()
    assert sorted(hosts(read)) == sorted(hosts(ours))
    groups = {name for name in ours if name not in ("_meta", "all")}
    assert {name: sorted(read[name]["hosts"]) for name in groups} == {
        name: sorted(ours[name]["hosts"]) for name in groups
    }
    assert {"platform_vsphere", "platform_azure_arc", "source_vc01_example_test", "power_running", "os_windows",
            "cluster_Production", "location_westeurope", "tag_Environment_production"} <= groups  # fmt: skip
    assert ansible.said("web01", "ansible_host") == {"web01": "192.0.2.101"}
    assert ansible.said("web01", "hybridinv.tags.Environment") == {"web01": "production"}
    assert ansible.said("web01", "hybridinv_complete") == {"web01": "false"}
    assert set(ansible.said("cluster_Production:&os_windows", "hybridinv.os_type").values()) == {"windows"}


def test_each_machine_is_there_once_and_templates_are_not() -> None:
    answer = hi.ansible_inventory(DEMO)
    variables = [one["hybridinv"] for one in answer["_meta"]["hostvars"].values()]
    ids = [id_ for one in variables for id_ in one["ids"]]
    assert sorted(ids) == sorted(vm.id for vm in DEMO.vms if not vm.is_template)
    assert [vm.name for vm in DEMO.vms if vm.is_template]
    joined = [match for match in hi.same_machines(DEMO) if not match.ambiguous]
    assert joined
    assert {match.vm_ids for match in joined} == {tuple(one["ids"]) for one in variables if len(one["ids"]) > 1}
    (both,) = (one for one in variables if one["ids"] == list(joined[0].vm_ids))
    assert set(both["platforms"]) == {DEMO.vms.get(id_).platform for id_ in joined[0].vm_ids}


def test_groups_have_the_machines_that_belong_there() -> None:
    answer = hi.ansible_inventory(DEMO)
    names = {id_: name for name, told in answer["_meta"]["hostvars"].items() for id_ in told["hybridinv"]["ids"]}
    machines = [vm for vm in DEMO.vms if not vm.is_template]
    for vm in machines:
        assert names[vm.id] in answer[f"platform_{vm.platform.replace('-', '_')}"]["hosts"]
    clusters = {cluster.name: cluster.id for cluster in DEMO.clusters}
    assert set(answer["cluster_Production"]["hosts"]) == {
        names[vm.id] for vm in machines if vm.cluster_id == clusters["Production"]
    }
    running = {names[vm.id] for vm in machines if vm.power_state is hi.PowerState.RUNNING}
    assert set(answer["power_running"]["hosts"]) == running
    assert answer["all"]["children"] == ["ungrouped", *sorted(name for name in answer if name not in ("_meta", "all"))]


def test_it_says_whether_machines_may_be_missing() -> None:
    told = hi.ansible_inventory(DEMO)["all"]["vars"]
    assert told["hybridinv_complete"] is False
    assert told["hybridinv_problems"] == [str(problem) for problem in DEMO.problems]
    assert hi.ansible_inventory(hi.Inventory())["all"]["vars"]["hybridinv_complete"] is True


@pytest.mark.parametrize(
    ("addresses", "hostname", "reached"),
    [
        (["192.0.2.7", "192.0.2.8"], "x.example", "192.0.2.7"),
        (["fe80::1", "169.254.3.4", "127.0.0.1", "::1", "0.0.0.0", "2001:db8::7"], "", "2001:db8::7"),
        ([], "web01.example.test", "web01.example.test"),
        (["-oProxyCommand=x", "192.0.2.7 -x", ""], "", None),
        ([], "-oProxyCommand=x", None),
        ([], "a b", None),
        ([], "{{ 1 }}", None),
        ([], "localhost", None),
        ([], "x\n", None),
    ],
)
def test_a_machine_is_reached_at_an_address_or_a_host_name_and_at_nothing_else(
    addresses: list[str], hostname: str, reached: str | None
) -> None:
    inv = hi.Inventory(vms=[machine("a", "a", ip_addresses=addresses, hostname=hostname)])
    assert hi.ansible_inventory(inv)["_meta"]["hostvars"]["a"].get("ansible_host") == reached


HARMFUL = ["localhost", "all", "ungrouped", "127.0.0.1", "-x", "", "..", "a\nb", "web[1:3]", "a,b", "!a", "~a.*", "@a",
           "platform_vsphere", "web01", "web01", "zürich", "zurich", "本番", "試験", "x" * 500, "x" * 499 + "y",
           "{% if 1 %}", "__ansible_vault", "_meta", "a:b", "a&b", "$(id)", "a b", "#x", "{#"]  # fmt: skip


def test_harmful_names_are_harmless_to_ansible(tmp_path: Path) -> None:
    mark = tmp_path / "pwned"
    template = f"{{{{ lookup('pipe', 'touch {mark}') }}}}"
    names = [*HARMFUL, template]
    vms = [
        machine(f"id {number}", name, hostname=name, location=name, folder=name, os_name=name,
                ip_addresses=[name], tags={name: name, "__ansible_unsafe": name})
        for number, name in enumerate(names)
    ]  # fmt: skip
    inv = hi.Inventory(vms=vms, problems=[hi.Problem(message=template)])
    ansible = Ansible(tmp_path, inv)
    read, ours = ansible.list(), hi.ansible_inventory(inv)
    assert len(hosts(read)) == len(names)
    assert sorted(hosts(read)) == sorted(hosts(ours))
    assert "localhost" not in hosts(read)
    ansible.run("ansible", "all", "-c", "local", "-m", "debug", "-a", "msg='{{ hybridinv }} {{ hybridinv_problems }}'")
    assert not mark.exists()
    by_id = {told["hybridinv"]["id"]: name for name, told in ours["_meta"]["hostvars"].items()}
    shown = ansible.run(
        "ansible", by_id[f"id {len(HARMFUL)}"], "-c", "local", "-m", "debug", "-a", "var=hybridinv.name"
    )
    assert "lookup('pipe'" in shown


@given(st.lists(st.text(max_size=8), max_size=12), st.lists(st.text(max_size=4), min_size=1, max_size=4))
def test_names_are_safe_and_unique_whatever_they_were(names: list[str], tags: list[str]) -> None:
    vms = [machine(f"id {n}", name, tags=dict.fromkeys(tags, name)) for n, name in enumerate(names)]
    answer = hi.ansible_inventory(hi.Inventory(vms=vms))
    groups = [name for name in answer if name not in ("_meta", "all")]
    assert len(hosts(answer)) == len(names)
    assert all(SAFE_HOST.fullmatch(name) for name in hosts(answer))
    assert all(SAFE_GROUP.fullmatch(name) for name in groups)
    assert not {*groups, "all", "localhost", "ungrouped"} & set(hosts(answer))
    # Tags that differ have groups that differ.
    told = {(name, value) for vm in vms for name, value in vm.tags.items()}
    assert len([name for name in groups if name.startswith("tag_")]) == len(told)
    json.dumps(answer)


def test_names_do_not_depend_on_the_order() -> None:
    vms = [machine(str(n), name) for n, name in enumerate(["web01", "web01", "db01", "all"])]
    one, other = (hi.ansible_inventory(hi.Inventory(vms=order)) for order in (vms, vms[::-1]))
    assert one["_meta"] == other["_meta"]
    assert attrs.evolve(vms[0], cpus=2).name == "web01"


def test_what_is_no_inventory_is_refused() -> None:
    with pytest.raises(hi.NotSupported, match="not an Inventory"):
        hi.ansible_inventory(DEMO.vms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("addresses", "reached"),
    [
        (["172.17.0.1", "10.0.0.5"], "10.0.0.5"),
        (["10.88.0.1", "172.20.0.1"], "10.88.0.1"),
        (["172.17.0.9", "10.0.0.5"], "172.17.0.9"),
        (["255.255.255.255", "240.0.0.1", "::ffff:10.0.0.5"], "10.0.0.5"),
    ],
)
def test_a_machine_is_reached_where_it_can_be(addresses: list[str], reached: str) -> None:
    found = hi.ansible_inventory(hi.Inventory(vms=[machine("a", "web01", ip_addresses=addresses)]))
    assert found["_meta"]["hostvars"]["web01"]["ansible_host"] == reached


def test_machines_without_an_id_of_their_own_are_hosts_of_their_own() -> None:
    vms = [machine("", "a"), machine("", "b"), machine("x", "c"), machine("x", "c")]
    hosts = hi.ansible_inventory(hi.Inventory(vms=vms))["_meta"]["hostvars"]
    assert {"a", "b"} < set(hosts)
    assert len(hosts) == 4


def test_a_cluster_is_known_through_the_host_and_names_are_well_formed() -> None:
    of = {"platform": "vsphere", "source": "vc01"}
    inv = hi.Inventory(
        vms=[machine("a", "web01", host_id="h", tags={"\udc80": "\udc81"})],
        hosts=[hi.Host(id="h", name="h", cluster_id="c", **of)],
        clusters=[hi.Cluster(id="c", name="Production", **of)],
    )
    found = hi.ansible_inventory(inv)
    assert found["cluster_Production"] == {"hosts": ["web01"]}
    assert found["_meta"]["hostvars"]["web01"]["hybridinv"]["cluster"] == "Production"
    assert json.dumps(found, ensure_ascii=False).encode()
