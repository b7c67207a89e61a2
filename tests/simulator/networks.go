package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// The hosts of the networks scene, one for each way to carry migrations.
const (
	ownAdapters    = "own-adapters"    // vMotion and Provisioning have adapters of their own
	noProvisioning = "no-provisioning" // cold data falls back to management
	managementOnly = "management-only" // no adapter for vMotion at all
	dedicatedStack = "dedicated-stack" // vMotion on its own TCP/IP stack, and in another subnet
	linkDown       = "link-down"       // the only uplink of the vMotion adapter has no link
)

var networkSetups = []struct {
	name    string
	cluster int
}{{ownAdapters, 0}, {noProvisioning, 0}, {managementOnly, 0}, {dedicatedStack, 1}, {linkDown, 1}}

// migrations is a scene to plan migrations in: five set-ups of hosts in two
// clusters, and on each host machines in every power state on storage that all
// hosts, those of the cluster, and the host alone can see.
func (e *estate) migrations() error {
	e.addDatacenter("Migrations")
	var clusters []*cluster
	for _, name := range []string{"cluster-a", "cluster-b"} {
		c, err := e.addCluster(name)
		if err != nil {
			return err
		}
		clusters = append(clusters, c)
	}
	clusters[1].setEVC("intel-cascadelake")
	for i, setup := range networkSetups {
		spec := hostSpec{
			name:   fmt.Sprintf("esx-%s.example.test", setup.name),
			vendor: "Dell Inc.", model: "PowerEdge R760", serial: fmt.Sprintf("NET%04d", i+1), biosVersion: "2.3.5",
			cpuModel: "Intel(R) Xeon(R) Gold 6442Y", sockets: 2, cores: 48, mhz: 2600, memoryGB: 768,
			version: "8.0.3", build: "24280767", boot: epoch.AddDate(0, 0, -10-i), network: migrationNetwork(setup.name, i+1),
		}
		h := e.addHost(clusters[setup.cluster], spec)
		h.truth.Setup = setup.name
	}
	everywhere := e.addDatastore(datastoreSpec{name: "san-all", capacity: 20480, free: 9000, ssd: true}, e.hosts)
	own := map[*cluster]*datastore{}
	for _, c := range clusters {
		own[c] = e.addDatastore(datastoreSpec{name: "san-" + c.Name, capacity: 10240, free: 5000, ssd: true}, c.hosts)
	}
	for i, h := range e.hosts {
		h.local = e.addDatastore(datastoreSpec{name: shortName(h.Name) + "-local", capacity: 894, free: 400, local: true, ssd: true}, []*host{h})
		for _, power := range []types.VirtualMachinePowerState{on, off, suspended} {
			for _, store := range []*datastore{everywhere, own[h.cluster], h.local} {
				e.addMachine(e.migrant(networkSetups[i].name, h, power, store))
			}
		}
	}
	return nil
}

// migrant is a machine of the scene, named after where it is and how it fares.
func (e *estate) migrant(setup string, h *host, power types.VirtualMachinePowerState, store *datastore) machineSpec {
	seen := "all"
	if store == h.local {
		seen = "local"
	} else if store.truth.Name != "san-all" {
		seen = "cluster"
	}
	name := fmt.Sprintf("%s-%s-%s", setup, power, seen)
	n := len(e.machines)
	spec := machineSpec{
		name: name, folder: setup, host: h, power: power, cpus: 4, memoryMB: 16384, hardware: 21, efi: true,
		created: epoch.AddDate(-1, 0, -n), boot: epoch.AddDate(0, 0, -1-n),
		guest: linuxGuest("rhel9_64Guest", "Red Hat Enterprise Linux 9").at(name+".example.test", toolsCurrent),
		disks: []diskSpec{{datastore: store, gb: 100, thin: true}, {datastore: store, gb: int64(50 + n*10)}},
		cards: []cardSpec{{network: e.standardNetwork("VM Network", 0, "vSwitch0"), ips: []string{fmt.Sprintf("10.100.0.%d", 10+n)}}},
	}
	if seen == "cluster" {
		spec.snapshots = []snapshotSpec{{name: "before move", created: epoch.AddDate(0, -1, 0), memory: power == suspended}}
	}
	return spec
}

// migrationNetwork is the network of the host with a set-up.
func migrationNetwork(setup string, number int) networkSpec {
	ip := func(net int) string { return fmt.Sprintf("10.%d.0.%d", net, number) }
	both := []string{"vmnic0", "vmnic1"}
	s := networkSpec{
		nics: []nicSpec{
			{device: "vmnic0", driver: "igbn", speed: 1000}, {device: "vmnic1", driver: "igbn", speed: 1000},
			{device: "vmnic2", driver: "i40en", speed: 25000}, {device: "vmnic3", driver: "i40en", speed: 10000},
		},
		vswitches: []vswitchSpec{
			{name: "vSwitch0", mtu: 1500, nics: both}, {name: "vSwitch1", mtu: 9000, nics: []string{"vmnic2", "vmnic3"}},
		},
		portgroups: []portgroupSpec{
			{name: "Management Network", vlan: 10, vswitch: "vSwitch0", active: both[:1], standby: both[1:]},
			{name: "VM Network", vswitch: "vSwitch0", active: both, forMachines: true},
		},
		adapters: []adapterSpec{{device: "vmk0", portgroup: "Management Network", tags: []string{"management"}, ip: ip(10), mtu: 1500}},
	}
	motion := portgroupSpec{name: "vMotion", vlan: 20, vswitch: "vSwitch1", active: []string{"vmnic2"}, standby: []string{"vmnic3"}}
	adapter := adapterSpec{device: "vmk1", portgroup: "vMotion", tags: []string{"vmotion"}, ip: ip(20), mtu: 9000}
	switch setup {
	case managementOnly:
		return s
	case ownAdapters:
		s.portgroups = append(s.portgroups, portgroupSpec{
			name: "Provisioning", vlan: 30, vswitch: "vSwitch1", active: []string{"vmnic3"}, standby: []string{"vmnic2"},
		})
		s.adapters = append(s.adapters, adapter, adapterSpec{
			device: "vmk2", portgroup: "Provisioning", tags: []string{"vSphereProvisioning"}, ip: ip(30), mtu: 9000,
		})
	case dedicatedStack:
		adapter.stack, adapter.ip, motion.vlan = vmotionStack, ip(99), 99
		s.adapters = append(s.adapters, adapter)
	case linkDown:
		s.nics[2].speed = 0
		motion.standby = nil
		s.adapters = append(s.adapters, adapter)
	default:
		s.adapters = append(s.adapters, adapter)
	}
	s.portgroups = append(s.portgroups, motion)
	return s
}
