package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	hostMAC = "00:50:56" // VMkernel adapters, from 00:50:56:60:00:00
	nicMAC  = "e4:3d:1a" // physical NICs
)

// wire fills the host's network configuration and the truth about it.
func (e *estate) wire(h *host, spec networkSpec) *types.HostNetworkInfo {
	info := &types.HostNetworkInfo{
		DnsConfig: &types.HostDnsConfig{
			VirtualNicDevice: "vmk0", HostName: shortName(h.Name), DomainName: "example.test",
			Address: []string{"192.0.2.53"}, SearchDomain: []string{"example.test"},
		},
		IpV6Enabled: no(), AtBootIpV6Enabled: no(),
	}
	for i, nic := range spec.nics {
		info.Pnic = append(info.Pnic, nic.pnic(i, mac(nicMAC, e.nextMAC())))
	}
	for _, vswitch := range spec.vswitches {
		info.Vswitch = append(info.Vswitch, vswitch.build(spec.portgroups))
	}
	for _, pg := range spec.portgroups {
		info.Portgroup = append(info.Portgroup, pg.build())
		if pg.forMachines {
			e.standardNetwork(pg.name, pg.vlan, pg.vswitch).addHost(h)
		}
	}
	if spec.dvs != nil {
		info.ProxySwitch = []types.HostProxySwitch{spec.dvs.join(h, spec.dvsNICs)}
	}
	for _, adapter := range spec.adapters {
		address := mac(hostMAC, 0x600000+e.nextMAC())
		info.Vnic = append(info.Vnic, adapter.vnic(address))
		h.truth.VMKernelAdapters = append(h.truth.VMKernelAdapters, spec.truth(adapter, address))
	}
	info.NetStackInstance = stacks(info.DnsConfig, spec.adapters)
	for _, stack := range info.NetStackInstance {
		if stack.Key == defaultStack {
			info.IpRouteConfig = stack.IpRouteConfig
			info.RouteTableInfo = routes(stack.RouteTableConfig)
		}
	}
	spec.tell(h, info)
	return info
}

// tell adds the host's network to its truth.
func (s networkSpec) tell(h *host, info *types.HostNetworkInfo) {
	d := h.truth.Details
	d.NICs, d.Netstacks, d.VSwitches, d.PortGroups = []pnicTruth{}, []stackTruth{}, []vswitchTruth{}, []portgroupTruth{}
	d.DNSHostName, d.DNSDomain, d.DNSServers = shortName(h.Name), "example.test", []string{"192.0.2.53"}
	for i, nic := range s.nics {
		t := pnicTruth{Device: nic.device, MAC: info.Pnic[i].Mac, Driver: nic.driver, PCI: info.Pnic[i].Pci, WakeOnLAN: i == 0}
		if nic.speed > 0 {
			t.SpeedMbps, t.Duplex = number(nic.speed), types.NewBool(!nic.half)
		}
		for _, vswitch := range s.vswitches {
			if slices.Contains(vswitch.nics, nic.device) {
				t.Switch = vswitch.name
			}
		}
		if slices.Contains(s.dvsNICs, nic.device) {
			t.Switch = s.dvs.Name
		}
		d.NICs = append(d.NICs, t)
	}
	for _, v := range s.vswitches {
		d.VSwitches = append(d.VSwitches, vswitchTruth{
			Name: v.name, MTU: v.mtu, Ports: 9216, FreePorts: 9200, Uplinks: list(v.nics), Discovery: "cdp listen",
			Teaming: "loadbalance_srcid", Promiscuous: v.promiscuous, MACChanges: v.macChanges, Forged: v.forged,
		})
	}
	for _, p := range s.portgroups {
		d.PortGroups = append(d.PortGroups, portgroupTruth{
			Name: p.name, VLANID: p.vlan, Switch: p.vswitch, ActiveUplinks: list(p.active), StandbyUplinks: list(p.standby),
			Teaming: orDefault(p.teaming, "loadbalance_srcid"), Promiscuous: p.promiscuous, MACChanges: p.macChanges, Forged: p.forged,
		})
	}
	for _, stack := range info.NetStackInstance {
		t := stackTruth{Key: stack.Key, Name: stack.Name, DNSServers: []string{}, Routes: []string{}}
		t.Gateway, t.IPv6Gateway = stackGateways(s.adapters, stack.Key)
		t.DNSServers = list(stack.DnsConfig.GetHostDnsConfig().Address)
		if stack.RouteTableConfig != nil {
			for _, op := range append(slices.Clone(stack.RouteTableConfig.IpRoute), stack.RouteTableConfig.Ipv6Route...) {
				r := op.Route
				t.Routes = append(t.Routes, fmt.Sprintf("%s/%d via %s dev %s", r.Network, r.PrefixLength, r.Gateway, r.DeviceName))
			}
		}
		d.Netstacks = append(d.Netstacks, t)
	}
}

func (e *estate) nextMAC() int {
	e.macs++
	return e.macs
}

func shortName(name string) string { return strings.SplitN(name, ".", 2)[0] }

func (n nicSpec) pnic(slot int, mac string) types.PhysicalNic {
	nic := types.PhysicalNic{
		Key: pnicKey(n.device), Device: n.device, Driver: n.driver, DriverVersion: "1.13.1.0", FirmwareVersion: "22.5.7",
		Pci: "0000:1" + string(rune('a'+slot)) + ":00.0", Mac: mac,
		Spec:                         types.PhysicalNicSpec{Ip: new(types.HostIpConfig)},
		VmDirectPathGen2Supported:    no(),
		ResourcePoolSchedulerAllowed: yes(),
		AutoNegotiateSupported:       yes(),
		WakeOnLanSupported:           slot == 0,
	}
	if n.speed > 0 {
		link := types.PhysicalNicLinkInfo{SpeedMb: n.speed, Duplex: !n.half}
		nic.LinkSpeed = &link
		nic.ValidLinkSpecification = []types.PhysicalNicLinkInfo{link}
	}
	return nic
}

func policy(active, standby []string, teaming string, allowed security) types.HostNetworkPolicy {
	return types.HostNetworkPolicy{
		Security: &types.HostNetworkSecurityPolicy{
			AllowPromiscuous: &allowed.promiscuous, MacChanges: &allowed.macChanges, ForgedTransmits: &allowed.forged,
		},
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: orDefault(teaming, "loadbalance_srcid"), ReversePolicy: yes(), NotifySwitches: yes(), RollingOrder: no(),
			NicOrder: &types.HostNicOrderPolicy{ActiveNic: active, StandbyNic: standby},
		},
		OffloadPolicy: &types.HostNetOffloadCapabilities{CsumOffload: yes(), TcpSegmentation: yes(), ZeroCopyXmit: yes()},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: no()},
	}
}

func (v vswitchSpec) build(portgroups []portgroupSpec) types.HostVirtualSwitch {
	policy := policy(v.nics, nil, "", v.security)
	out := types.HostVirtualSwitch{
		Name: v.name, Key: vswitchKey(v.name), NumPorts: 9216, NumPortsAvailable: 9200, Mtu: v.mtu,
		Spec: types.HostVirtualSwitchSpec{
			NumPorts: 128, Mtu: v.mtu, Policy: &policy,
			Bridge: &types.HostVirtualSwitchBondBridge{
				NicDevice: v.nics, LinkDiscoveryProtocolConfig: &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"},
			},
		},
	}
	for _, nic := range v.nics {
		out.Pnic = append(out.Pnic, pnicKey(nic))
	}
	for _, pg := range portgroups {
		if pg.vswitch == v.name {
			out.Portgroup = append(out.Portgroup, hostPortgroupKey(pg.name))
		}
	}
	return out
}

func (p portgroupSpec) build() types.HostPortGroup {
	return types.HostPortGroup{
		Key: hostPortgroupKey(p.name), Vswitch: vswitchKey(p.vswitch), ComputedPolicy: policy(p.active, p.standby, p.teaming, p.security),
		Spec: types.HostPortGroupSpec{Name: p.name, VlanId: p.vlan, VswitchName: p.vswitch},
	}
}

// stacks lists every TCP/IP stack a real host has, used or not.
func stacks(dns types.BaseHostDnsConfig, adapters []adapterSpec) []types.HostNetStackInstance {
	var out []types.HostNetStackInstance
	for _, key := range allStacks {
		stack := types.HostNetStackInstance{
			Key: key, Name: key, DnsConfig: new(types.HostDnsConfig), IpRouteConfig: new(types.HostIpRouteConfig),
			RequestedMaxNumberOfConnections: 11000, CongestionControlAlgorithm: "newreno", IpV6Enabled: yes(),
		}
		if key == defaultStack {
			stack.DnsConfig = dns
		}
		table := new(types.HostIpRouteTableConfig)
		for _, adapter := range adapters {
			if adapter.stackName() != key {
				continue
			}
			prefix := adapter.ip[:strings.LastIndex(adapter.ip, ".")+1]
			if len(table.IpRoute) == 0 {
				v4, v6 := stackGateways(adapters, key)
				stack.IpRouteConfig = &types.HostIpRouteConfig{DefaultGateway: v4, GatewayDevice: adapter.device, IpV6DefaultGateway: v6}
				table.IpRoute = append(table.IpRoute, route("0.0.0.0", 0, v4, adapter.device))
				if v6 != "" {
					table.Ipv6Route = append(table.Ipv6Route, route("::", 0, v6, adapter.device))
				}
			}
			table.IpRoute = append(table.IpRoute, route(prefix+"0", 24, "0.0.0.0", adapter.device))
			stack.RouteTableConfig = table
		}
		out = append(out, stack)
	}
	return out
}

func route(network string, prefix int32, gateway, device string) types.HostIpRouteOp {
	return types.HostIpRouteOp{ChangeOperation: "ignore", Route: types.HostIpRouteEntry{
		Network: network, PrefixLength: prefix, Gateway: gateway, DeviceName: device,
	}}
}

func routes(config *types.HostIpRouteTableConfig) *types.HostIpRouteTableInfo {
	info := new(types.HostIpRouteTableInfo)
	if config != nil {
		for _, op := range config.IpRoute {
			info.IpRoute = append(info.IpRoute, op.Route)
		}
	}
	return info
}
