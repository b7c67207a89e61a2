package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// Hosts of the plain scene come in four set-ups, in turn within each cluster:
//
//	0  management, and a vMotion tag on a second adapter
//	1  adapters on the dedicated vMotion and Provisioning stacks
//	2  vMotion and Provisioning through the distributed switch
//	3  one adapter for management and vMotion
const setups = 4

// site is what the hosts of the plain scene share.
type site struct {
	dvs                                  *distributedSwitch
	dvMotion, dvProvisioning, dvMachines *network
	dvTrunk, dvPrivate                   *network
}

func (e *estate) addSite() *site {
	s := &site{dvs: e.addDistributedSwitch("dvs-plain", 9000)}
	first, second := uplinkNames[:1], uplinkNames[1:]
	s.dvMotion = e.distribute(s.dvs, "dv-vmotion", 20, first, second)
	s.dvProvisioning = e.distribute(s.dvs, "dv-provisioning", 30, second, first)
	s.dvMachines = e.distribute(s.dvs, "dv-machines", 100, uplinkNames, nil)
	s.dvs.config.PvlanConfig = []types.VMwareDVSPvlanMapEntry{
		{PrimaryVlanId: 400, SecondaryVlanId: 400, PvlanType: "promiscuous"}, {PrimaryVlanId: 400, SecondaryVlanId: 401, PvlanType: "isolated"},
	}
	s.dvs.config.LacpGroupConfig = []types.VMwareDvsLacpGroupConfig{{
		Key: "lag-1", Name: "lag1", Mode: "active", UplinkNum: 2, LoadbalanceAlgorithm: "srcDestIpTcpUdpPortVlan",
		UplinkName: []string{"lag1-0", "lag1-1"}, TimeoutMode: "fast",
	}}
	s.dvs.config.Description = "Everything but management.\nAsk the network team."
	s.dvs.config.Contact = types.DVSContactInfo{Name: "Network team", Contact: "network@example.test"}
	s.dvTrunk = e.distributeAs(s.dvs, groupSpec{
		name: "dv-trunk", trunk: []types.NumericRange{{Start: 10, End: 20}, {Start: 30, End: 30}, {Start: 200, End: 299}},
		active: uplinkNames, teaming: "loadbalance_loadbased", security: security{promiscuous: true, macChanges: true, forged: true},
	})
	s.dvPrivate = e.distributeAs(s.dvs, groupSpec{
		name: "dv-private / isolated", private: [2]int32{400, 401}, active: []string{"lag1"}, teaming: "loadbalance_ip", binding: "ephemeral",
	})
	return s
}

// wiring gives the network of the host at a position in a cluster.
func (s *site) wiring(cluster, position int) networkSpec {
	ip := func(net int) string {
		return fmt.Sprintf("10.%d.%d.%d", net, cluster*8+position/200, 10+position%200)
	}
	machines := portgroupSpec{name: "VM Network", vswitch: "vSwitch0", active: []string{"vmnic0"}, forMachines: true,
		security: security{promiscuous: position%4 == 1, forged: position%2 == 1}, teaming: []string{"", "loadbalance_ip"}[position%2]}
	management := portgroupSpec{name: "Management Network", vswitch: "vSwitch0", active: []string{"vmnic0"}}
	vmk0 := adapterSpec{device: "vmk0", portgroup: management.name, tags: []string{"management"}, ip: ip(10), mtu: 1500}

	switch position % setups {
	case 0:
		second := nicSpec{device: "vmnic1", driver: "ixgben", speed: 10000}
		if position%(2*setups) != 0 {
			second.speed = 0 // vMotion is configured, and cannot work
		}
		management.standby = []string{"vmnic1"}
		return networkSpec{
			nics:      []nicSpec{{device: "vmnic0", driver: "ixgben", speed: 10000}, second},
			vswitches: []vswitchSpec{{name: "vSwitch0", mtu: 1500, nics: []string{"vmnic0", "vmnic1"}}},
			portgroups: []portgroupSpec{management, machines, {
				name: "vMotion", vlan: 20, vswitch: "vSwitch0", active: []string{"vmnic1"},
			}},
			adapters: []adapterSpec{vmk0, {
				device: "vmk1", portgroup: "vMotion", tags: []string{"vmotion"}, ip: ip(20), mtu: 1500,
			}},
		}
	case 1:
		both := []string{"vmnic0", "vmnic1"}
		vmk0.mtu = 9000
		vmk0.ipv6 = []string{fmt.Sprintf("fe80::250:56ff:fe60:%x", cluster*256+position), fmt.Sprintf("2001:db8:10::%x", 16+cluster*256+position)}
		management.vlan = 10
		return networkSpec{
			nics: []nicSpec{
				{device: "vmnic0", driver: "nmlx5_core", speed: 25000}, {device: "vmnic1", driver: "nmlx5_core", speed: 25000},
			},
			vswitches: []vswitchSpec{{name: "vSwitch0", mtu: 9000, nics: both}},
			portgroups: []portgroupSpec{
				management, machines,
				{name: "vMotion", vlan: 20, vswitch: "vSwitch0", active: both},
				{name: "Provisioning", vlan: 30, vswitch: "vSwitch0", active: both[1:], standby: both[:1]},
			},
			// The one dedicated stack shows up among the tagged adapters, the
			// other does not: clients have to look at both.
			adapters: []adapterSpec{
				vmk0,
				{device: "vmk1", portgroup: "vMotion", stack: vmotionStack, tags: []string{"vmotion"}, ip: ip(20), mtu: 9000},
				{device: "vmk2", portgroup: "Provisioning", stack: provisioningStack, ip: ip(30), mtu: 9000, gateway: "10.30.0.254"},
			},
		}
	case 2:
		return networkSpec{
			nics: []nicSpec{
				{device: "vmnic0", driver: "igbn", speed: 1000},
				{device: "vmnic2", driver: "i40en", speed: 25000}, {device: "vmnic3", driver: "i40en", speed: 10000},
			},
			vswitches:  []vswitchSpec{{name: "vSwitch0", mtu: 1500, nics: []string{"vmnic0"}}},
			portgroups: []portgroupSpec{management, machines},
			dvs:        s.dvs,
			dvsNICs:    []string{"vmnic2", "vmnic3"},
			adapters: []adapterSpec{
				vmk0,
				{device: "vmk1", group: s.dvMotion, tags: []string{"vmotion"}, ip: ip(20), mtu: 9000},
				{device: "vmk2", group: s.dvProvisioning, tags: []string{"vSphereProvisioning"}, ip: ip(30), mtu: 9000},
			},
		}
	default:
		vmk0.tags, vmk0.dhcp = append(vmk0.tags, "vmotion"), true
		return networkSpec{
			nics:       []nicSpec{{device: "vmnic0", driver: "igbn", speed: 1000}},
			vswitches:  []vswitchSpec{{name: "vSwitch0", mtu: 1500, nics: []string{"vmnic0"}}},
			portgroups: []portgroupSpec{management, machines},
			adapters:   []adapterSpec{vmk0},
		}
	}
}

func (s *site) host(cluster, position int) hostSpec {
	number := (cluster+1)*100 + position + 1
	spec := hostSpec{
		name:   fmt.Sprintf("esx-%04d.example.test", number),
		vendor: "Dell Inc.", model: "PowerEdge R750", serial: fmt.Sprintf("PLN%04d", number), biosVersion: "1.13.2",
		cpuModel: "Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz", sockets: 2, cores: 56, mhz: 2600, memoryGB: 1024,
		version: "8.0.3", build: "24280767",
		boot:    epoch.AddDate(0, 0, -position-1),
		network: s.wiring(cluster, position),
	}
	spec.storage = storageSetups[position%setups]
	spec.load = int32(10 + position*7%60)
	spec.compliance = []string{"compliant", "nonCompliant", "", "unknown"}[position%4]
	switch position % setups {
	case 1:
		spec.powerPolicy = "High Performance"
	case 2:
		spec.gpus = []types.HostGraphicsInfo{{
			DeviceName: "NVIDIA A100-PCIE-40GB", VendorName: "NVIDIA Corporation", PciId: "0000:ca:00.0", GraphicsType: "sharedDirect",
			MemorySizeInKB: 40 << 20,
		}}
		spec.vgpuTypes = []string{"grid_a100-10c", "grid_a100-20c", "grid_a100-40c"}
		spec.timeStopped = true
	case 3:
		spec.maxEVC, spec.noHyperthreads = "intel-cascadelake", true
	}
	if position == 4 {
		spec.quarantine, spec.status = true, types.ManagedEntityStatusYellow
	}
	if position%setups == 3 {
		spec.vendor, spec.model, spec.biosVersion = "HPE", "ProLiant DL360 Gen10", "U32"
		spec.cpuModel, spec.cores, spec.mhz, spec.memoryGB = "Intel(R) Xeon(R) Silver 4214R CPU @ 2.40GHz", 24, 2400, 384
		spec.version, spec.build = "7.0.3", "23794027"
		spec.incapable = []string{"vmotionAcrossNetworkSupported", "suspendToMemorySupported"}
	}
	return spec
}
