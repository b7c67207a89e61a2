package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	spec            groupSpec
}

// groupSpec is what distributed port groups differ in.
type groupSpec struct {
	name            string
	vlan            int32
	trunk           []types.NumericRange
	private         [2]int32 // a primary and a secondary VLAN
	active, standby []string
	teaming         string // loadbalance_srcid unless told otherwise
	binding         string // earlyBinding unless told otherwise
	security
}

// security is what a switch lets a machine do; all of it is off at first.
type security struct{ promiscuous, macChanges, forged bool }

// distributedSwitch hands its uplinks out in order: the first physical NIC of a
// host becomes the first uplink.
type distributedSwitch struct {
	*simulator.DistributedVirtualSwitch
	config   *types.VMwareDVSConfigInfo
	labels   labels
	uplinks  *network
	groups   []*network
	nextPort int
}

var uplinkNames = []string{"Uplink 1", "Uplink 2"}

// object is what the registry has.
func (n *network) object() mo.Entity {
	if n.group != nil {
		return n.group
	}
	return n.entity
}

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
	e.networks = append(e.networks, n)
	return n
}

func (e *estate) addDistributedSwitch(name string, mtu int32) *distributedSwitch {
	d := &distributedSwitch{DistributedVirtualSwitch: new(simulator.DistributedVirtualSwitch)}
	e.switches = append(e.switches, d)
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
			DefaultPortConfig:             portSetting(groupSpec{active: uplinkNames}),
			ProductInfo:                   product,
			CreateTime:                    epoch.AddDate(-2, 0, 0),
			NetworkResourceControlVersion: "version3", NetworkResourceManagementEnabled: true,
			Policy: &types.DVSPolicy{AutoPreInstallAllowed: no(), AutoUpgradeAllowed: no(), PartialUpgradeAllowed: no()},
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

	d.uplinks = e.addPortgroup(d, groupSpec{
		name: name + "-DVUplinks", trunk: []types.NumericRange{{Start: 0, End: 4094}}, active: uplinkNames,
	})
	d.uplinks.group.Config.Uplink = yes()
	d.uplinks.truth.Kind = "uplink"
	d.config.UplinkPortgroup = []types.ManagedObjectReference{d.uplinks.ref()}
	return d
}

// vlanSpec is a VLAN, a trunk of several, or a private VLAN.
func (s groupSpec) vlanSpec() types.BaseVmwareDistributedVirtualSwitchVlanSpec {
	switch {
	case s.trunk != nil:
		return &types.VmwareDistributedVirtualSwitchTrunkVlanSpec{VlanId: s.trunk}
	case s.private[1] > 0:
		return &types.VmwareDistributedVirtualSwitchPvlanSpec{PvlanId: s.private[1]}
	}
	return &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: s.vlan}
}

// distribute adds a port group with one VLAN and its own order of uplinks.
func (e *estate) distribute(d *distributedSwitch, name string, vlan int32, active, standby []string) *network {
	return e.distributeAs(d, groupSpec{name: name, vlan: vlan, active: active, standby: standby})
}

func (e *estate) distributeAs(d *distributedSwitch, spec groupSpec) *network {
	n := e.addPortgroup(d, spec)
	n.active, n.standby = spec.active, spec.standby
	return n
}

func (e *estate) addPortgroup(d *distributedSwitch, spec groupSpec) *network {
	group := new(simulator.DistributedVirtualPortgroup)
	group.Name = spec.name
	group.Entity().Name = spec.name
	folder := e.networkFolder()
	ref := e.put(folder, group)
	folder.ChildEntity = append(folder.ChildEntity, ref)
	include(&e.datacenter.Network, ref)

	group.Key = ref.Value
	group.Summary = &types.NetworkSummary{Network: &group.Self, Name: spec.name, Accessible: true}
	group.Config = types.DVPortgroupConfigInfo{
		Key: group.Key, Name: spec.name, NumPorts: 8, DistributedVirtualSwitch: &d.Self, DefaultPortConfig: portSetting(spec),
		Type: orDefault(spec.binding, "earlyBinding"), BackingType: "standard", ConfigVersion: "1", AutoExpand: yes(), Uplink: no(),
		Policy: &types.VMwareDVSPortgroupPolicy{
			DVPortgroupPolicy: types.DVPortgroupPolicy{BlockOverrideAllowed: true, PortConfigResetAtDisconnect: true},
		},
	}
	n := &network{entity: &group.Network, group: group, dvs: d, spec: spec, truth: &networkTruth{
		Moref: ref.Value, Name: spec.name, Kind: "distributed", Switch: d.Name, HostMorefs: []string{}, SwitchMoref: d.Self.Value,
		Binding: group.Config.Type, ActiveUplinks: list(spec.active), StandbyUplinks: list(spec.standby),
		Teaming: orDefault(spec.teaming, "loadbalance_srcid"), Promiscuous: &spec.promiscuous, MACChanges: &spec.macChanges, Forged: &spec.forged,
	}}
	n.tellVLAN()
	d.groups = append(d.groups, n)
	d.Portgroup = append(d.Portgroup, ref)
	d.Summary.PortgroupName = append(d.Summary.PortgroupName, spec.name)
	e.truth.Networks = append(e.truth.Networks, n.truth)
	e.networks = append(e.networks, n)
	return n
}

func (n *network) tellVLAN() {
	switch spec := n.spec; {
	case spec.trunk != nil:
		n.truth.VLANKind = "trunk"
		var ranges []string
		for _, r := range spec.trunk {
			text := fmt.Sprintf("%d-%d", r.Start, r.End)
			if r.Start == r.End {
				text = fmt.Sprint(r.Start)
			}
			ranges = append(ranges, text)
		}
		n.truth.VLANs = strings.Join(ranges, ",")
	case spec.private[1] > 0:
		n.truth.VLANKind, n.truth.VLANs = "private", fmt.Sprintf("%d,%d", spec.private[0], spec.private[1])
	default:
		n.truth.VLANKind, n.truth.VLANID = "id", number(spec.vlan)
	}
}

func portSetting(spec groupSpec) *types.VMwareDVSPortSetting {
	flag := func(value bool) *types.BoolPolicy { return &types.BoolPolicy{Value: &value} }
	return &types.VMwareDVSPortSetting{
		DVPortSetting: types.DVPortSetting{Blocked: flag(false)},
		Vlan:          spec.vlanSpec(),
		SecurityPolicy: &types.DVSSecurityPolicy{
			AllowPromiscuous: flag(spec.promiscuous), MacChanges: flag(spec.macChanges), ForgedTransmits: flag(spec.forged),
		},
		UplinkTeamingPolicy: &types.VmwareUplinkPortTeamingPolicy{
			Policy:         &types.StringPolicy{Value: orDefault(spec.teaming, "loadbalance_srcid")},
			ReversePolicy:  flag(true),
			NotifySwitches: flag(true),
			RollingOrder:   flag(false),
			UplinkPortOrder: &types.VMwareUplinkPortOrderPolicy{
				ActiveUplinkPort: spec.active, StandbyUplinkPort: spec.standby,
			},
		},
	}
}

// tellNetworks says what only the whole scene shows of networks and switches.
func (e *estate) tellNetworks() {
	for _, n := range e.networks {
		n.truth.VMs = []string{}
		for _, ref := range n.entity.Vm {
			n.truth.VMs = append(n.truth.VMs, ref.Value)
		}
		if n.group != nil {
			n.group.Config.NumPorts = max(8, int32(len(n.group.PortKeys)))
			n.truth.Ports = &n.group.Config.NumPorts
		} else {
			n.truth.ActiveUplinks, n.truth.StandbyUplinks = []string{}, []string{}
		}
	}
	e.truth.Switches = []*switchTruth{}
	for _, d := range e.switches {
		discovery := d.config.LinkDiscoveryProtocolConfig
		t := &switchTruth{
			labels: d.labels,
			Moref:  d.Self.Value, Name: d.Name, UUID: d.Uuid, Version: d.config.ProductInfo.Version, Vendor: d.config.ProductInfo.Vendor,
			HostMorefs: []string{}, MTU: d.config.MaxMtu, Ports: d.config.NumPorts, Uplinks: list(uplinkNames),
			Discovery: discovery.Protocol + " " + discovery.Operation, IOControl: d.config.NetworkResourceManagementEnabled,
			LACP: d.config.LacpApiVersion, LAGs: []string{}, Description: d.config.Description,
			Teaming: "loadbalance_srcid", CreatedAt: instant(d.config.CreateTime),
		}
		for _, member := range d.config.Host {
			t.HostMorefs = append(t.HostMorefs, member.Config.Host.Value)
		}
		for _, group := range d.config.LacpGroupConfig {
			t.LAGs = append(t.LAGs, group.Name+" "+group.Mode+" "+group.LoadbalanceAlgorithm)
		}
		e.truth.Switches = append(e.truth.Switches, t)
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
