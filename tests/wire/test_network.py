"""Virtual networks, and the adapters of machines: their addresses are in two other lists."""

import pytest

from arm_estate import interface, public_address, vm_model
from hybridinv.errors import UnexpectedAnswer
from hybridinv.wire.network import public_address_ids, read_network, read_nic
from hybridinv.wire.reading import Body, Origin

HUB = Origin("azure-stack-hub", "management.redmond.example")
GROUP = "/subscriptions/S-1/resourceGroups/RG-Web"
ODD = [-1, "text", [], [1], {"x": 1}, True, 1.5, None]


def read(body, *public, **reference):
    """The adapter of an interface, and what was noted."""
    found = Body({"id": body["id"].upper(), **reference})
    addresses = {one["id"].lower(): one for one in public}
    return read_nic(found, {body["id"].lower(): body}, addresses), found.notes


@pytest.fixture
def body():
    return interface(vm_model("S-1", "web01"), "web01-nic", public="ip")


# networks


def test_a_virtual_network():
    id_ = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/Vnet1"
    subnets = [
        {"name": "default", "properties": {"addressPrefix": "10.0.1.0/24"}},
        {"name": "both", "properties": {"addressPrefixes": ["10.0.2.0/24", "fd00:2::/64"]}},
        {"name": "bare"},
    ]
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "fd00::/48"]}, "subnets": subnets}
    body = {"id": id_, "name": "Vnet1", "location": "redmond", "tags": {"a": "b"}, "properties": properties}
    network = read_network(body, HUB)
    assert (network.id, network.name, network.kind) == (id_.lower(), "Vnet1", "virtual-network")
    assert (network.address_prefixes, network.location) == (("10.0.0.0/16", "fd00::/48"), "redmond")
    assert network.subnets == ("default 10.0.1.0/24", "both 10.0.2.0/24, fd00:2::/64", "bare")
    assert network.tags == {"a": "b"}
    odd = read_network({"id": id_, "properties": 5}, HUB)
    assert (odd.address_prefixes, odd.problems[0].kind) == ((), "networks")


def test_a_network_without_an_id_names_the_path():
    with pytest.raises(UnexpectedAnswer) as caught:
        read_network({"name": "x"}, HUB)
    assert caught.value.path == "id"


# adapters


def test_an_adapter_with_its_addresses(body):
    nic, notes = read(body, public_address("S-1", "ip"))
    assert (nic.mac_address, nic.ip_addresses, nic.public_ip_addresses) == (
        "00:0d:3a:00:00:01", ("10.0.0.4",), ("203.0.113.7",),
    )  # fmt: skip
    assert (nic.is_primary, nic.is_accelerated, notes) == (True, True, [])
    assert nic.network_id == f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet".lower()


def test_an_adapter_of_which_nothing_but_the_id_is_known():
    nic = read_nic(Body({"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/n"}))
    assert (nic.name, nic.mac_address, nic.ip_addresses, nic.network_id) == ("n", "", (), "")
    assert (nic.is_primary, nic.is_accelerated) == (None, None)
    assert read_nic(Body({"properties": {}})) is None


def test_what_the_machine_says_of_the_first_adapter_wins(body):
    nic, _ = read(body, properties={"primary": False})
    assert nic.is_primary is False


def test_several_configurations_are_one_adapter(body):
    (first,) = body["properties"]["ipConfigurations"]
    second = {"properties": {"privateIPAddress": "10.0.0.5", "subnet": {"id": "/other/net/subnets/x"}}}
    body["properties"]["ipConfigurations"] = [first, second, first, {"properties": {}}]
    nic, _ = read(body)
    assert nic.ip_addresses == ("10.0.0.4", "10.0.0.5")
    assert nic.network_id.endswith("/virtualnetworks/vnet")


def test_a_dynamic_public_address_may_have_none_now(body):
    nic, notes = read(body, public_address("S-1", "ip", None))
    assert (nic.public_ip_addresses, notes) == ((), [])


def test_a_public_address_may_stand_in_the_interface(body):
    body["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]["properties"] = {
        "ipAddress": "192.0.2.9"
    }
    assert read(body)[0].public_ip_addresses == ("192.0.2.9",)


def test_the_ids_of_its_public_addresses(body):
    assert public_address_ids(body) == {public_address("S-1", "ip")["id"].lower()}
    assert public_address_ids({"properties": {"ipConfigurations": ["odd", {"properties": 5}, {}]}}) == set()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["macAddress", "primary", "ipConfigurations", "enableAcceleratedNetworking"])
def test_an_odd_field_never_costs_the_adapter(body, field, odd):
    body["properties"][field] = odd
    nic, notes = read(body)
    assert nic.name == "WEB01-NIC"
    assert all(field in note for note in notes)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["privateIPAddress", "publicIPAddress", "subnet"])
def test_an_odd_configuration_never_costs_the_adapter(body, field, odd):
    body["properties"]["ipConfigurations"][0]["properties"][field] = odd
    assert read(body, public_address("S-1", "ip"))[0].mac_address == "00:0d:3a:00:00:01"


@pytest.mark.parametrize("odd", [{"properties": 5}, {"properties": {"ipAddress": {"x": 1}}}])
def test_an_odd_public_address_is_noted(body, odd):
    nic, notes = read(body, {**public_address("S-1", "ip"), **odd})
    assert nic.public_ip_addresses == ()
    assert len(notes) == 1
