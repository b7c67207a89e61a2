package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	defaultStack      = "defaultTcpipStack"
	vmotionStack      = "vmotion"
	provisioningStack = "vSphereProvisioning"
)

// stackService is the one service a dedicated TCP/IP stack carries.
var stackService = map[string]string{vmotionStack: "vmotion", provisioningStack: "vSphereProvisioning"}

var allStacks = []string{defaultStack, vmotionStack, provisioningStack, "mirror", "ops"}

// nicTypes are those a real ESXi 8.0.3 reports, all of them, selected or not.
var nicTypes = []string{
	"faultToleranceLogging", "management", "nvmeRdma", "nvmeTcp", "ptp", "vSphereBackupNFC", "vSphereProvisioning",
	"vSphereReplication", "vSphereReplicationNFC", "vmotion", "vsan", "vsanWitness",
}

// networkSpec is how a host is wired.
type networkSpec struct {
	nics       []nicSpec
	vswitches  []vswitchSpec
	portgroups []portgroupSpec
	adapters   []adapterSpec
	dvs        *distributedSwitch
	dvsNICs    []string // in the order of the switch's uplinks
}

type nicSpec struct {
	device, driver string
	speed          int32 // Mbps; 0 is a link that is down
	half           bool  // half duplex
}

type vswitchSpec struct {
	name string
	mtu  int32
	nics []string
	security
}

type portgroupSpec struct {
	name            string
	vlan            int32
	vswitch         string
	active, standby []string
	forMachines     bool
	teaming         string // loadbalance_srcid unless told otherwise
	security
}

// adapterSpec is a VMkernel adapter, on a standard port group or on a
// distributed one.
type adapterSpec struct {
	device    string
	portgroup string
	group     *network
	stack     string
	tags      []string
	ip        string
	mtu       int32

	dhcp    bool
	ipv6    []string
	gateway string // its own, instead of that of its stack
}

const adapterMask = "255.255.255.0"

func pnicKey(device string) string      { return "key-vim.host.PhysicalNic-" + device }
func vnicKey(device string) string      { return "key-vim.host.VirtualNic-" + device }
func vswitchKey(name string) string     { return "key-vim.host.VirtualSwitch-" + name }
func hostPortgroupKey(n string) string  { return "key-vim.host.PortGroup-" + n }
func (a adapterSpec) stackName() string { return orDefault(a.stack, defaultStack) }

func orDefault[T ~string](value, fallback T) T {
	if value == "" {
		return fallback
	}
	return value
}

// vnic makes the VMkernel adapter itself.
func (a adapterSpec) vnic(mac string) types.HostVirtualNic {
	nic := types.HostVirtualNic{
		Device: a.device, Key: vnicKey(a.device), Portgroup: a.portgroup,
		Spec: types.HostVirtualNicSpec{
			Ip:        &types.HostIpConfig{Dhcp: a.dhcp, IpAddress: a.ip, SubnetMask: adapterMask, IpV6Config: a.ipv6Config()},
			Mac:       mac,
			Portgroup: a.portgroup, Mtu: a.mtu, TsoEnabled: yes(), NetStackInstanceKey: a.stackName(),
		},
	}
	if a.gateway != "" {
		nic.Spec.IpRouteSpec = &types.HostVirtualNicIpRouteSpec{IpRouteConfig: &types.HostIpRouteConfig{DefaultGateway: a.gateway}}
	}
	if a.group != nil {
		port := a.group.dvs.port(a.group)
		nic.Port = port
		nic.Spec.DistributedVirtualPort = &types.DistributedVirtualSwitchPortConnection{
			SwitchUuid: a.group.dvs.Uuid, PortgroupKey: a.group.group.Key, PortKey: port,
		}
	}
	return nic
}

func (a adapterSpec) ipv6Config() *types.HostIpConfigIpV6AddressConfiguration {
	if len(a.ipv6) == 0 {
		return nil
	}
	config := &types.HostIpConfigIpV6AddressConfiguration{AutoConfigurationEnabled: yes(), DhcpV6Enabled: no()}
	for _, ip := range a.ipv6 {
		config.IpV6Address = append(config.IpV6Address, types.HostIpConfigIpV6Address{
			IpAddress: ip, PrefixLength: 64, Origin: "other", DadState: "preferred",
		})
	}
	return config
}

// stackGateways are the IPv4 and the IPv6 gateway of a TCP/IP stack: the first address of the network of the
// first adapter that has one.
func stackGateways(adapters []adapterSpec, stack string) (v4, v6 string) {
	for _, adapter := range adapters {
		if adapter.stackName() != stack {
			continue
		}
		if v4 == "" {
			v4 = adapter.ip[:strings.LastIndex(adapter.ip, ".")+1] + "1"
		}
		for _, ip := range adapter.ipv6 {
			if v6 == "" && !strings.HasPrefix(ip, "fe80:") {
				v6 = ip[:strings.LastIndex(ip, ":")+1] + "1"
			}
		}
	}
	return v4, v6
}

// netConfig lists, for every service, who may carry it and who does.
func netConfig(adapters []adapterSpec, vnics []types.HostVirtualNic) []types.VirtualNicManagerNetConfig {
	var configs []types.VirtualNicManagerNetConfig
	for _, nicType := range nicTypes {
		config := types.VirtualNicManagerNetConfig{NicType: nicType, MultiSelectAllowed: nicType != "ptp"}
		for i, adapter := range adapters {
			// Only the default stack can be tagged; a dedicated stack
			// offers its adapters to its own service alone.
			if stack := adapter.stackName(); stack != defaultStack && stackService[stack] != nicType {
				continue
			}
			candidate := vnics[i]
			candidate.Key = nicType + "." + vnicKey(adapter.device)
			config.CandidateVnic = append(config.CandidateVnic, candidate)
			if slices.Contains(adapter.tags, nicType) {
				config.SelectedVnic = append(config.SelectedVnic, candidate.Key)
			}
		}
		configs = append(configs, config)
	}
	return configs
}

// vmotionConfig is the deprecated view of the same choice.
func vmotionConfig(configs []types.VirtualNicManagerNetConfig) *types.HostVMotionInfo {
	info := &types.HostVMotionInfo{NetConfig: new(types.HostVMotionNetConfig)}
	for _, config := range configs {
		if config.NicType != "vmotion" {
			continue
		}
		for _, candidate := range config.CandidateVnic {
			selected := slices.Contains(config.SelectedVnic, candidate.Key)
			candidate.Key = "VMotionConfig." + candidate.Key
			info.NetConfig.CandidateVnic = append(info.NetConfig.CandidateVnic, candidate)
			if selected && info.NetConfig.SelectedVnic == "" {
				info.NetConfig.SelectedVnic = candidate.Key
				info.IpConfig = candidate.Spec.Ip
			}
		}
	}
	return info
}

// truth resolves the adapter down to its physical NICs.
func (s networkSpec) truth(a adapterSpec, mac string) adapterTruth {
	t := adapterTruth{
		Device: a.device, TaggedServices: sorted(a.tags), Netstack: a.stackName(), IP: a.ip, Mask: adapterMask,
		MAC: mac, MTU: int(a.mtu), Portgroup: a.portgroup, DHCP: a.dhcp, IPv6: list(a.ipv6),
	}
	t.Gateway, t.IPv6Gateway = stackGateways(s.adapters, t.Netstack)
	t.Gateway = orDefault(a.gateway, t.Gateway)
	services := slices.Clone(a.tags)
	if service := stackService[a.stackName()]; service != "" {
		services = append(services, service)
	}
	t.Services = sorted(services)

	if a.group != nil {
		t.Portgroup, t.VLANID = a.group.truth.Name, *a.group.truth.VLANID
		t.Switch, t.SwitchKind, t.SwitchMTU = a.group.dvs.Name, "distributed", int(a.group.dvs.config.MaxMtu)
		t.ActiveUplinks = s.dvsDevices(a.group.active)
		t.StandbyUplinks = s.dvsDevices(a.group.standby)
	} else {
		pg := s.portgroup(a.portgroup)
		t.VLANID, t.Switch, t.SwitchKind = int(pg.vlan), pg.vswitch, "standard"
		t.SwitchMTU = int(s.vswitch(pg.vswitch).mtu)
		t.ActiveUplinks, t.StandbyUplinks = list(pg.active), list(pg.standby)
	}
	t.Uplinks = list(t.ActiveUplinks, t.StandbyUplinks...)

	var fastest int32
	for _, nic := range s.nics {
		if slices.Contains(t.ActiveUplinks, nic.device) {
			fastest = max(fastest, nic.speed)
		}
	}
	if fastest > 0 {
		t.LinkSpeedMbps = number(fastest)
	}
	return t
}

// dvsDevices turns names of uplinks into the host's physical NICs.
func (s networkSpec) dvsDevices(uplinks []string) []string {
	devices := []string{}
	for _, uplink := range uplinks {
		if i := slices.Index(uplinkNames, uplink); i < len(s.dvsNICs) {
			devices = append(devices, s.dvsNICs[i])
		}
	}
	return devices
}

func (s networkSpec) portgroup(name string) portgroupSpec {
	for _, pg := range s.portgroups {
		if pg.name == name {
			return pg
		}
	}
	panic(fmt.Sprintf("no port group %q", name))
}

func (s networkSpec) vswitch(name string) vswitchSpec {
	for _, vswitch := range s.vswitches {
		if vswitch.name == name {
			return vswitch
		}
	}
	panic(fmt.Sprintf("no switch %q", name))
}

// list copies, and makes an empty list of nothing, which JSON tells from null.
func list(values []string, more ...string) []string {
	return append(append([]string{}, values...), more...)
}

func sorted(values []string) []string {
	out := list(values)
	slices.Sort(out)
	return slices.Compact(out)
}
