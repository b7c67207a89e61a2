"""What an ARM endpoint has, in the shapes it writes it in."""

from arm_others import Others


def vm_model(subscription, name, *, extensions=(), **properties):
    id_ = f"/subscriptions/{subscription}/resourceGroups/RG-Web/providers/Microsoft.Compute/virtualMachines/{name}"
    body = {
        "id": id_,
        "name": name,
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "tags": {"owner": "web"},
        "properties": {
            "vmId": f"vmid-{name}",
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {"osDisk": {"name": "os", "osType": "Linux", "diskSizeGB": 30}, "dataDisks": []},
            "osProfile": {"computerName": name},
            "provisioningState": "Succeeded",
            **properties,
        },
    }
    if extensions:
        # ARM writes the group in capitals here, whatever it wrote above.
        body["resources"] = [{"id": f"{id_.replace('RG-Web', 'RG-WEB')}/extensions/{one}"} for one in extensions]
    return body


def vm_status(model, power="running"):
    agent = {"vmAgentVersion": "2.9", "statuses": [{"displayStatus": "Ready", "code": "ProvisioningState/succeeded"}]}
    extensions = [
        {"name": one["id"].rpartition("/")[2], "typeHandlerVersion": "1.2.3", "statuses": [{"level": "Info"}]}
        for one in model.get("resources", ())
    ]
    view = {"statuses": [{"code": f"PowerState/{power}"}], "vmAgent": agent, "extensions": extensions}
    return {"id": model["id"].upper(), "name": model["name"], "properties": {"instanceView": view}}


def extension(owner, name):
    kind = "Microsoft.HybridCompute/machines" if "HybridCompute" in owner else "Microsoft.Compute/virtualMachines"
    body = {"publisher": "Microsoft.Azure.Monitor", "type": name, "typeHandlerVersion": "1.0"}
    status = {"code": "0", "level": "Information", "message": "fine"}
    return {
        "id": f"{owner}/extensions/{name}",
        "name": name,
        "type": f"{kind}/extensions",
        "location": "westeurope",
        "properties": {**body, "provisioningState": "Succeeded", "instanceView": {"name": name, "status": status}},
    }


def arc_machine(subscription, name, **properties):
    group = f"/subscriptions/{subscription}/resourceGroups/RG-Arc"
    return {
        "id": f"{group}/providers/Microsoft.HybridCompute/machines/{name}",
        "name": name,
        "location": "westeurope",
        "tags": None,
        "kind": None,
        "properties": {"vmId": f"arc-{name}", "status": "Connected", "osType": "windows", **properties},
    }


def network(subscription, name):
    group = f"/subscriptions/{subscription}/resourceGroups/RG-Web"
    return {
        "id": f"{group}/providers/Microsoft.Network/virtualNetworks/{name}",
        "name": name,
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    }


def interface(model, name, address="10.0.0.4", public=None, subnet="vnet/subnets/default", **properties):
    """The network interface of a machine, which it then names; and a public address, where it has one."""
    group = f"/subscriptions/{model['id'].split('/')[2]}/resourceGroups/RG-Web/providers/Microsoft.Network"
    id_ = f"{group}/networkInterfaces/{name}"
    configuration = {"privateIPAddress": address, "subnet": {"id": f"{group}/virtualNetworks/{subnet}"}}
    if public:
        configuration["publicIPAddress"] = {"id": f"{group}/publicIPAddresses/{public}"}
    # ARM writes the group in capitals here.
    named = {"id": id_.replace("RG-Web", "RG-WEB")}
    model["properties"].setdefault("networkProfile", {"networkInterfaces": []})["networkInterfaces"].append(named)
    fields = {"macAddress": "00-0D-3A-00-00-01", "primary": True, "enableAcceleratedNetworking": True, **properties}
    return {"id": id_, "name": name, "properties": {**fields, "ipConfigurations": [{"properties": configuration}]}}


def public_address(subscription, name, address="203.0.113.7"):
    group = f"/subscriptions/{subscription}/resourceGroups/rg-web/providers/Microsoft.Network"
    return {"id": f"{group}/publicIPAddresses/{name}", "name": name, "properties": {"ipAddress": address}}


def sku(name, cpus=2, memory=8, *, locations=("westeurope",), resource_type="virtualMachines", **capabilities):
    """A size as the list of SKUs has it: every capability is a text."""
    named = {"vCPUs": cpus, "MemoryGB": memory, **capabilities}
    listed = [{"name": key, "value": str(value)} for key, value in named.items() if value is not None]
    return {"resourceType": resource_type, "name": name, "locations": list(locations), "capabilities": listed}


class Estate:
    """What the endpoint has, by subscription; tests change it as they like."""

    def __init__(self, *subscriptions):
        self.subscriptions = dict.fromkeys(subscriptions or ("sub-1",), "Enabled")
        self.vms, self.machines, self.networks = [], [], []
        self.extensions = {}
        self.graph_extensions = None  # what Resource Graph says, where it says something else
        self.graph_machines = None
        self.nodes, self.scale_units = [], []
        self.others = Others()
        self.skus = [sku("Standard_D2s_v5")]
        self.vm_sizes = [{"name": "Standard_D2s_v5", "numberOfCores": 2, "memoryInMB": 8192}]
        self.interfaces, self.public_addresses = [], []
        self.health, self.updates = [], []
        self.scale_sets, self.instances = [], {}
        self.host_groups, self.dedicated_hosts = [], []
        self.location = "local"
        self.versions = {}  # api-versions by type in lower case; any will do where none is named
        self.metadata = {}
        self.actions = []  # what was asked for and accepted: id, what, how it goes

    @classmethod
    def of(cls, vms=0, machines=0, *, subscriptions=("sub-1",), extensions=()):
        """Machines spread evenly over the subscriptions, each with the extensions."""
        estate = cls(*subscriptions)
        for number in range(vms):
            estate.add_vm(subscriptions[number % len(subscriptions)], f"vm{number}", extensions)
        for number in range(machines):
            machine = arc_machine(subscriptions[number % len(subscriptions)], f"srv{number}")
            estate.machines.append(machine)
            estate.extend(machine, extensions)
        estate.networks = [network(one, "vnet") for one in subscriptions]
        return estate

    def add_vm(self, subscription, name, extensions=()):
        model = vm_model(subscription, name, extensions=extensions)
        self.vms.append(model)
        self.extend(model, extensions)
        return model

    def extend(self, owner, extensions):
        self.extensions[owner["id"].lower()] = [extension(owner["id"], name) for name in extensions]

    def all_graph_machines(self):
        has = self.machines if self.graph_machines is None else self.graph_machines
        ids = [one["id"] for one in has if isinstance(one, dict) and isinstance(one.get("id"), str)]
        return [{"id": id_.upper(), "type": "Microsoft.HybridCompute/machines"} for id_ in ids]

    def all_extensions(self):
        if self.graph_extensions is not None:
            return self.graph_extensions
        return [one for several in self.extensions.values() for one in several]
