package main

import "time"

// demoHost is a host of the demo scene before its network.
func demoHost(name, serial string, boot time.Time) hostSpec {
	return hostSpec{
		name: name + ".example.test", serial: serial, boot: boot,
		vendor: "Dell Inc.", model: "PowerEdge R760", biosVersion: "2.3.5",
		cpuModel: "Intel(R) Xeon(R) Gold 6442Y", sockets: 2, cores: 48, mhz: 2600, memoryGB: 768,
		version: "8.0.3", build: "24280767",
	}
}

// production is a host with a pair of NICs on a standard switch for management
// and a faster pair on the distributed switch for everything else. Migrations
// have adapters of their own, on dedicated stacks, with jumbo frames.
func (d *demo) production(octet string) networkSpec {
	pair := []string{"vmnic0", "vmnic1"}
	return networkSpec{
		nics: []nicSpec{
			{device: "vmnic0", driver: "i40en", speed: 10000}, {device: "vmnic1", driver: "i40en", speed: 10000},
			{device: "vmnic2", driver: "nmlx5_core", speed: 25000}, {device: "vmnic3", driver: "nmlx5_core", speed: 25000},
		},
		vswitches: []vswitchSpec{{name: "vSwitch0", mtu: 1500, nics: pair}},
		portgroups: []portgroupSpec{
			{name: "Management Network", vlan: 10, vswitch: "vSwitch0", active: pair[:1], standby: pair[1:]},
			{name: "VM Network", vswitch: "vSwitch0", active: pair, forMachines: true},
		},
		dvs:     d.dvs,
		dvsNICs: []string{"vmnic2", "vmnic3"},
		adapters: []adapterSpec{
			{device: "vmk0", portgroup: "Management Network", tags: []string{"management"}, ip: "192.0.2." + octet, mtu: 1500},
			{device: "vmk1", group: d.vmotion, stack: vmotionStack, tags: []string{"vmotion"}, ip: "10.20.0." + octet, mtu: 9000},
			{device: "vmk2", group: d.provisioning, stack: provisioningStack, tags: []string{"vSphereProvisioning"}, ip: "10.30.0." + octet, mtu: 9000},
		},
	}
}

// branch is a host with slow management and no adapter for provisioning, so
// cold data falls back to the management network.
func branch(octet string, mtu int32) networkSpec {
	return networkSpec{
		nics: []nicSpec{
			{device: "vmnic0", driver: "ntg3", speed: 1000}, {device: "vmnic1", driver: "ixgben", speed: 10000},
			{device: "vmnic2", driver: "ixgben"},
		},
		vswitches: []vswitchSpec{
			{name: "vSwitch0", mtu: 1500, nics: []string{"vmnic0"}},
			{name: "vSwitch1", mtu: mtu, nics: []string{"vmnic1", "vmnic2"}},
		},
		portgroups: []portgroupSpec{
			{name: "Management Network", vswitch: "vSwitch0", active: []string{"vmnic0"}},
			{name: "vMotion", vlan: 21, vswitch: "vSwitch1", active: []string{"vmnic1"}, standby: []string{"vmnic2"}},
			{name: "Branch LAN", vlan: 200, vswitch: "vSwitch1", active: []string{"vmnic1", "vmnic2"}, forMachines: true},
		},
		adapters: []adapterSpec{
			{device: "vmk0", portgroup: "Management Network", tags: []string{"management"}, ip: "198.51.100." + octet, mtu: 1500},
			{device: "vmk1", portgroup: "vMotion", tags: []string{"vmotion"}, ip: "10.21.0." + octet, mtu: mtu},
		},
	}
}

func (e *estate) demoHosts(d *demo) {
	boot := func(month time.Month, day, hour int) time.Time {
		return time.Date(2025, month, day, hour, 12, 30, 0, time.UTC)
	}

	for i, spec := range []hostSpec{
		demoHost("esx01", "7KQ4XR3", boot(time.November, 8, 21)),
		demoHost("esx02", "7KQ5XR3", boot(time.November, 8, 22)),
		demoHost("esx03", "9MD2ZT3", boot(time.December, 14, 20)),
	} {
		spec.network = d.production([]string{"21", "22", "23"}[i])
		e.addHost(d.main, spec)
	}

	for i, spec := range []hostSpec{
		demoHost("esx11", "CZ2D1800LK", boot(time.September, 20, 19)),
		demoHost("esx12", "CZ2D1800LM", boot(time.October, 4, 19)),
	} {
		spec.vendor, spec.model, spec.biosVersion = "HPE", "ProLiant DL360 Gen10 Plus", "U46"
		spec.cpuModel, spec.sockets, spec.cores, spec.mhz, spec.memoryGB = "Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz", 1, 16, 2400, 256
		spec.version, spec.build = "7.0.3", "23794027"
		spec.network = branch([]string{"31", "32"}[i], []int32{1500, 9000}[i])
		e.addHost(d.branch, spec)
	}
}
