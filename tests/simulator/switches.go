package main

import (
	"slices"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// network is anything a machine can be attached to: a standard network or a
// distributed port group.
type network struct {
	entity *mo.Network
	truth  *networkTruth

	// only for distributed port groups
	group           *simulator.DistributedVirtualPortgroup
	dvs             *distributedSwitch
	active, standby []string // names of uplinks
}

// distributedSwitch hands its uplinks out in order: the first physical NIC of a
// host becomes the first uplink.
type distributedSwitch struct {
	*simulator.DistributedVirtualSwitch
	config   *types.VMwareDVSConfigInfo
	uplinks  *network
	groups   []*network
	nextPort int
}

var uplinkNames = []string{"Uplink 1", "Uplink 2"}

func (n *network) ref() types.ManagedObjectReference { return n.entity.Self }

func (n *network) addHost(h *host) {
	include(&n.entity.Host, h.Self)
	include(&h.Network, n.ref())
	include(&h.cluster.Network, n.ref())
	if !slices.Contains(n.truth.HostMorefs, h.Self.Value) {
		n.truth.HostMorefs = append(n.truth.HostMorefs, h.Self.Value)
	}
}

func (e *estate) networkFolder() *simulator.Folder { return e.folder(e.datacenter.NetworkFolder) }

// standardNetwork finds or makes the network object of a standard port group
// for machines. The datacenter is born with "VM Network".
func (e *estate) standardNetwork(name string, vlan int32, vswitch string) *network {
	folder := e.networkFolder()
	entity, known := e.ctx.Map.FindByName(name, folder.ChildEntity).(*mo.Network)
	if !known {
		entity = new(mo.Network)
		entity.Name = name
		entity.Entity().Name = name
		folder.ChildEntity = append(folder.ChildEntity, e.put(folder, entity))
		entity.Summary = &types.NetworkSummary{Network: &entity.Self, Name: name, Accessible: true}
	}
	include(&e.datacenter.Network, entity.Self)
	for _, t := range e.truth.Networks {
		if t.Moref == entity.Self.Value {
			return &network{entity: entity, truth: t}
		}
	}
	n := &network{entity: entity, truth: &networkTruth{
		Moref: entity.Self.Value, Name: name, Kind: "standard", VLANID: number(vlan), Switch: vswitch, HostMorefs: []string{},
	}}
	e.truth.Networks = append(e.truth.Networks, n.truth)
	return n
}

func (e *estate) addDistributedSwitch(name string, mtu int32) *distributedSwitch {
	d := &distributedSwitch{DistributedVirtualSwitch: new(simulator.DistributedVirtualSwitch)}
	d.Self.Type = "VmwareDistributedVirtualSwitch"
	d.Name = name
	d.Uuid = stableUUID(e.scene, "dvs", name)
	product := types.DistributedVirtualSwitchProductSpec{
		Name: "DVS", Vendor: "VMware, Inc.", Version: "8.0.3", Build: build, ForwardingClass: "etherswitch",
	}
	d.config = &types.VMwareDVSConfigInfo{
		DVSConfigInfo: types.DVSConfigInfo{
			Uuid: d.Uuid, Name: name, MaxPorts: 1 << 30, ConfigVersion: "1",
			UplinkPortPolicy:              &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: uplinkNames},
			DefaultPortConfig:             portSetting(vlanID(0), uplinkNames, nil),
			ProductInfo:                   product,
			CreateTime:                    epoch.AddDate(-2, 0, 0),
			NetworkResourceControlVersion: "version3",
			Policy:                        &types.DVSPolicy{AutoPreInstallAllowed: no(), AutoUpgradeAllowed: no(), PartialUpgradeAllowed: no()},
		},
		MaxMtu:                      mtu,
		LinkDiscoveryProtocolConfig: &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"},
		LacpApiVersion:              "multipleLag",
		MulticastFilteringMode:      "snooping",
	}
	d.Config = d.config
	d.Summary = types.DVSSummary{Name: name, Uuid: d.Uuid, ProductInfo: &product}

	folder := e.networkFolder()
	ref := e.put(folder, d.DistributedVirtualSwitch)
	folder.ChildEntity = append(folder.ChildEntity, ref)

	trunk := &types.VmwareDistributedVirtualSwitchTrunkVlanSpec{VlanId: []types.NumericRange{{Start: 0, End: 4094}}}
	d.uplinks = e.addPortgroup(d, name+"-DVUplinks", portSetting(trunk, uplinkNames, nil))
	d.uplinks.group.Config.Uplink = yes()
	d.uplinks.truth.Kind = "uplink"
	d.config.UplinkPortgroup = []types.ManagedObjectReference{d.uplinks.ref()}
	return d
}

func vlanID(id int32) *types.VmwareDistributedVirtualSwitchVlanIdSpec {
	return &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: id}
}

// distribute adds a port group with one VLAN and its own order of uplinks.
func (e *estate) distribute(d *distributedSwitch, name string, vlan int32, active, standby []string) *network {
	n := e.addPortgroup(d, name, portSetting(vlanID(vlan), active, standby))
	n.truth.VLANID = number(vlan)
	n.active, n.standby = active, standby
	return n
}

func (e *estate) addPortgroup(d *distributedSwitch, name string, setting *types.VMwareDVSPortSetting) *network {
	group := new(simulator.DistributedVirtualPortgroup)
	group.Name = name
	group.Entity().Name = name
	folder := e.networkFolder()
	ref := e.put(folder, group)
	folder.ChildEntity = append(folder.ChildEntity, ref)
	include(&e.datacenter.Network, ref)

	group.Key = ref.Value
	group.Summary = &types.NetworkSummary{Network: &group.Self, Name: name, Accessible: true}
	group.Config = types.DVPortgroupConfigInfo{
		Key: group.Key, Name: name, NumPorts: 8, DistributedVirtualSwitch: &d.Self, DefaultPortConfig: setting,
		Type: "earlyBinding", BackingType: "standard", ConfigVersion: "1", AutoExpand: yes(), Uplink: no(),
		Policy: &types.VMwareDVSPortgroupPolicy{
			DVPortgroupPolicy: types.DVPortgroupPolicy{BlockOverrideAllowed: true, PortConfigResetAtDisconnect: true},
		},
	}
	n := &network{entity: &group.Network, group: group, dvs: d, truth: &networkTruth{
		Moref: ref.Value, Name: name, Kind: "distributed", Switch: d.Name, HostMorefs: []string{},
	}}
	d.groups = append(d.groups, n)
	d.Portgroup = append(d.Portgroup, ref)
	d.Summary.PortgroupName = append(d.Summary.PortgroupName, name)
	e.truth.Networks = append(e.truth.Networks, n.truth)
	return n
}

func portSetting(vlan types.BaseVmwareDistributedVirtualSwitchVlanSpec, active, standby []string) *types.VMwareDVSPortSetting {
	flag := func(value bool) *types.BoolPolicy { return &types.BoolPolicy{Value: &value} }
	return &types.VMwareDVSPortSetting{
		DVPortSetting: types.DVPortSetting{Blocked: flag(false)},
		Vlan:          vlan,
		UplinkTeamingPolicy: &types.VmwareUplinkPortTeamingPolicy{
			Policy:         &types.StringPolicy{Value: "loadbalance_srcid"},
			ReversePolicy:  flag(true),
			NotifySwitches: flag(true),
			RollingOrder:   flag(false),
			UplinkPortOrder: &types.VMwareUplinkPortOrderPolicy{
				ActiveUplinkPort: active, StandbyUplinkPort: standby,
			},
		},
	}
}

// port reserves the next port of the switch.
func (d *distributedSwitch) port(group *network) string {
	key := strconv.Itoa(d.nextPort)
	d.nextPort++
	d.config.NumPorts++
	d.Summary.NumPorts++
	group.group.PortKeys = append(group.group.PortKeys, key)
	return key
}

// join makes the host a member of the switch, with one uplink port for each
// physical NIC, and returns the host's side of it.
func (d *distributedSwitch) join(h *host, nics []string) types.HostProxySwitch {
	proxy := types.HostProxySwitch{
		DvsUuid: d.Uuid, DvsName: d.Name, Key: "DvsPortset-0", NumPorts: 9216, ConfigNumPorts: 512,
		NumPortsAvailable: 9180, Mtu: d.config.MaxMtu, NetworkReservationSupported: yes(),
	}
	backing := new(types.DistributedVirtualSwitchHostMemberPnicBacking)
	var ports []string
	for i, nic := range nics {
		port := d.port(d.uplinks)
		ports = append(ports, port)
		proxy.UplinkPort = append(proxy.UplinkPort, types.KeyValue{Key: port, Value: uplinkNames[i]})
		proxy.Pnic = append(proxy.Pnic, pnicKey(nic))
		backing.PnicSpec = append(backing.PnicSpec, types.DistributedVirtualSwitchHostMemberPnicSpec{
			PnicDevice: nic, UplinkPortKey: port, UplinkPortgroupKey: d.uplinks.group.Key,
		})
	}
	proxy.Spec.Backing = backing

	d.config.Host = append(d.config.Host, types.DistributedVirtualSwitchHostMember{
		RuntimeState:  &types.DistributedVirtualSwitchHostMemberRuntimeState{CurrentMaxProxySwitchPorts: 9216},
		Config:        types.DistributedVirtualSwitchHostMemberConfigInfo{Host: &h.Self, MaxProxySwitchPorts: 512, Backing: backing},
		UplinkPortKey: ports,
		Status:        "up",
	})
	d.Summary.HostMember = append(d.Summary.HostMember, h.Self)
	d.Summary.Host = append(d.Summary.Host, h.Self)
	d.Summary.NumHosts++
	for _, group := range d.groups {
		group.addHost(h)
	}
	return proxy
}

func number(n int32) *int {
	value := int(n)
	return &value
}
