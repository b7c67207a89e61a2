package main

import (
	"fmt"
	"path"

	"github.com/vmware/govmomi/vim25/types"
)

// plainPools are the pools of a cluster of the plain scene.
type plainPools struct{ production, tier1, databases, test, orders *pool }

func (e *estate) addPlainPools(c *cluster) plainPools {
	expandable := allocationSpec{expandable: true}
	p := plainPools{}
	p.production = e.addPool(c.root, "Production",
		allocationSpec{reservation: 20000, expandable: true, level: types.SharesLevelHigh},
		allocationSpec{reservation: 65536, expandable: true, level: types.SharesLevelHigh})
	p.tier1 = e.addPool(p.production, "Tier 1", allocationSpec{reservation: 8000}, allocationSpec{reservation: 32768, limit: 262144})
	p.databases = e.addPool(p.tier1, "Databases", expandable, allocationSpec{shares: 400000, level: types.SharesLevelCustom})
	p.test = e.addPool(c.root, "Test / Lab", allocationSpec{limit: 30000, level: types.SharesLevelLow, expandable: true},
		allocationSpec{limit: 131072, level: types.SharesLevelLow, expandable: true})
	p.orders = e.addVApp(c.root, "Orders", "Web shop: database first.")
	return p
}

// choose gives a machine its pool; most stay in the cluster's own.
func (p plainPools) choose(i int) *pool {
	switch i / 2 % 8 {
	case 1:
		return p.production
	case 2:
		return p.tier1
	case 3:
		return p.databases
	case 5:
		return p.test
	case 6:
		if i%100 != 24 { // templates stay out of vApps
			return p.orders
		}
	}
	return nil
}

// vary gives a machine of the plain scene what follows from its number: some of
// what many have, and one rarity for each number up to a hundred.
func (p *plainEstate) vary(i int, spec *machineSpec, local *datastore) {
	pools := p.pools[spec.host.cluster]
	spec.pool = pools.choose(i)
	if spec.template {
		spec.pool = nil
	}
	if spec.pool != nil && spec.pool.vapp != nil {
		spec.folder = "" // what is in a vApp is in no folder
	}
	p.varyResources(i, spec)
	spec.cpuHotAdd, spec.memoryHotAdd, spec.cpuHotRemove = i%3 == 0, i%4 == 0, i%12 == 0
	spec.changeTracking = i%5 == 1
	spec.unprotected = i%20 == 1
	spec.nested, spec.counters = i%30 == 11, i%30 == 19
	if i%6 == 2 {
		spec.annotation = fmt.Sprintf("Owner: team %02d\nPatched every month; ask before restarts.", i%7+1)
	}
	spec.evc = []string{"", "intel-icelake", "intel-broadwell", "intel-skylake"}[i%4]
	for n := range spec.disks {
		disk := &spec.disks[n]
		disk.shares = []string{"", "high", "low"}[(i+n)%3]
		if (i+n)%7 == 3 {
			disk.iops = int64(500 * (1 + i%4))
		}
	}
	p.varyDevices(i%100, spec)
	p.varyStorage(i%100, spec, local)
	p.varyState(i%100, spec)
}

func (p *plainEstate) varyResources(i int, spec *machineSpec) {
	switch {
	case spec.cpus == 8 && i%3 == 0:
		spec.coresPerSocket = 8
	case spec.cpus >= 4:
		spec.coresPerSocket = 2
	}
	switch i % 11 {
	case 2:
		spec.cpu.reservation = int64(500 * spec.cpus)
	case 4:
		spec.cpu.limit = int64(2000 * spec.cpus)
	case 6:
		spec.cpu.level = types.SharesLevelLow
	case 8:
		spec.cpu.level, spec.cpu.shares = types.SharesLevelCustom, 3333
	}
	switch i % 13 {
	case 3:
		spec.memory.reservation = int64(spec.memoryMB / 2)
	case 5:
		spec.memory.limit = int64(spec.memoryMB)
	case 7:
		spec.memory.level = types.SharesLevelHigh
	case 9:
		spec.ballooned, spec.swapped = spec.memoryMB/32, spec.memoryMB/64
	}
}

// varyDevices adds what is attached to few machines.
func (p *plainEstate) varyDevices(slot int, spec *machineSpec) {
	add := func(devices ...deviceSpec) { spec.devices = append(spec.devices, devices...) }
	image := func(kind, name string) deviceSpec {
		return deviceSpec{kind: kind, backing: "image", path: "[" + p.library.Name + "] " + name, datastore: p.library, connected: true}
	}
	whole := func() { spec.memory, spec.snapshots = allocationSpec{reservation: int64(spec.memoryMB)}, nil }
	switch slot {
	case 2:
		add(image("cdrom", "iso/ubuntu-24.04-live-server-amd64.iso"))
	case 4:
		add(deviceSpec{kind: "cdrom", backing: "host", path: "/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0", connected: true})
	case 6:
		add(deviceSpec{kind: "cdrom", backing: "client", connected: true})
	case 10:
		add(image("cdrom", "iso/tools.iso"), image("floppy", "floppy/drivers.flp"), deviceSpec{kind: "floppy", backing: "host", path: "/dev/fd0"})
	case 11:
		add(deviceSpec{kind: "serial", backing: "image", path: "[" + p.library.Name + "] logs/serial0.txt", datastore: p.library, connected: true},
			deviceSpec{kind: "serial", backing: "network", path: "telnet://:2301", connected: true},
			deviceSpec{kind: "serial", backing: "host", path: "/dev/char/serial/uart0"},
			deviceSpec{kind: "parallel", backing: "host", path: "/dev/parport0", connected: true})
	case 12:
		add(deviceSpec{kind: "usb", backing: "host", path: "path:1/2/1", connected: true})
	case 13:
		add(deviceSpec{kind: "usb", backing: "remote-host", path: "path:1/0/3 host:esx version:1", connected: true})
	case 14:
		whole()
		add(deviceSpec{kind: "passthrough", backing: "host", path: "0000:3b:00.0", name: "NVMe SSD Controller"},
			deviceSpec{kind: "passthrough", backing: "host", path: "0000:af:00.0"})
		spec.settings = append(spec.settings, settingTruth{"pciPassthru.use64bitMMIO", "TRUE"}, settingTruth{"pciPassthru.64bitMMIOSizeGB", "64"})
	case 15:
		whole()
		add(deviceSpec{kind: "passthrough", backing: "dynamic", path: "accelerators"})
	case 16:
		whole()
		add(deviceSpec{kind: "vgpu", backing: "vgpu", path: "grid_t4-8q"})
		spec.settings = append(spec.settings, settingTruth{"pciPassthru0.cfg.enable_profiling", "1"})
	case 20:
		whole()
		add(deviceSpec{kind: "vgpu", backing: "vgpu", path: "grid_a100-40c", fixed: true})
	case 21:
		whole()
		spec.cards = append(spec.cards, cardSpec{network: p.standard, sriov: true, manual: true})
	case 22:
		spec.efi, spec.encryption, spec.migrateEncryption = true, "5a1e0001-key", "required"
		add(deviceSpec{kind: "tpm"})
	case 54:
		add(deviceSpec{kind: "sound", backing: "host"}, deviceSpec{kind: "precision-clock", backing: "system", path: "ptp"})
	}
}

// varyStorage changes disks of few machines.
func (p *plainEstate) varyStorage(slot int, spec *machineSpec, local *datastore) {
	first := spec.disks[0].datastore
	switch slot {
	case 23: // a node of a cluster in the guest
		spec.snapshots = nil
		spec.controllers = []controllerSpec{{}, {kind: lsiLogicSAS, bus: "physicalSharing"}}
		spec.disks = append(spec.disks, diskSpec{datastore: first, gb: 512, raw: physicalMode, mode: independent, controller: 1})
	case 26:
		spec.disks = append(spec.disks, diskSpec{datastore: first, gb: 256, raw: virtualMode})
	case 27:
		spec.disks = append(spec.disks, diskSpec{datastore: first, gb: 64, sharing: multiWriter, mode: independent})
	case 41:
		spec.disks = append(spec.disks, diskSpec{datastore: first, gb: 32, thin: true, key: "5a1e0002-key"})
		spec.encryption, spec.migrateEncryption = "5a1e0003-key", "required"
	case 50:
		spec.snapshots = branchedSnapshots
	case 52:
		spec.disks = append(spec.disks, diskSpec{datastore: first, gb: 16, thin: true, mode: nonpersistent})
	case 53:
		spec.controllers = []controllerSpec{{}, {bus: "virtualSharing"}}
		for range 9 { // past the controller's own unit number
			spec.disks = append(spec.disks, diskSpec{datastore: local, gb: 8, thin: true, controller: 1})
		}
	case 56, 61:
		if store := p.pod[spec.host.cluster]; len(store) > 0 {
			spec.disks = append(spec.disks, diskSpec{datastore: store[slot%len(store)], gb: 40, thin: true})
		}
	case 63, 66:
		if store := p.vsan[spec.host.cluster]; store != nil {
			spec.disks = append(spec.disks, diskSpec{datastore: store, gb: 120, thin: true})
		}
	}
}

var branchedSnapshots = []snapshotSpec{{
	name: "clean install", description: "Never delete", created: epoch.AddDate(0, -6, 0), quiesced: true,
	children: []snapshotSpec{
		{name: "experiment", created: epoch.AddDate(0, -5, 0), memory: true},
		{name: "patched", created: epoch.AddDate(0, -4, 0), children: []snapshotSpec{
			{name: "patched", description: "same name again", created: epoch.AddDate(0, -3, 0), memory: true},
		}},
	},
}}

// varyState changes how few machines fare, and what keeps them where they are.
func (p *plainEstate) varyState(slot int, spec *machineSpec) {
	switch slot {
	case 28:
		spec.cpuAffinity = []int32{2, 3}
	case 30:
		spec.memoryAffinity = []int32{0}
	case 32:
		spec.faultTolerance, spec.memory = types.VirtualMachineFaultToleranceStateRunning, allocationSpec{reservation: int64(spec.memoryMB)}
	case 33:
		spec.installerMounted = true
	case 34:
		spec.consolidation, spec.status = true, types.ManagedEntityStatusYellow
	case 35:
		spec.disabled = []string{"MigrateVM_Task", "RelocateVM_Task", "Destroy_Task"}
	case 36:
		spec.question = "msg.uuid.altered:This virtual machine might have been moved or copied."
		spec.status = types.ManagedEntityStatusRed
	case 38:
		spec.toolsUpgrade = "upgradeAtPowerCycle"
	case 39:
		spec.swap = "hostLocal"
	case 40:
		spec.managedBy = &types.ManagedByInfo{ExtensionKey: "com.vmware.vim.eam", Type: "cluster-agent"}
		spec.folder, spec.pool = "vCLS", nil
	case 42:
		spec.latency, spec.memory = "high", allocationSpec{reservation: int64(spec.memoryMB)}
		spec.cpu = allocationSpec{reservation: 2600 * int64(spec.cpus), level: types.SharesLevelHigh}
	case 43:
		spec.migrateEncryption = "disabled"
	case 46:
		spec.swap, spec.status = "vmDirectory", types.ManagedEntityStatusYellow
	}
}

// label hangs attributes and tags on the machines of the plain scene.
func (p *plainEstate) label(e *estate) {
	owners := []string{"Storage", "Databases", "Web", "Desktops", "Ümit & co"}
	for i, m := range p.machines {
		if i%3 != 2 {
			e.describe(m, &m.truth.labels, "Owner", owners[i%len(owners)])
			e.describe(m, &m.truth.labels, "Cost center", fmt.Sprintf("%04d", 4000+i%40))
		}
		if i%10 == 4 {
			e.describe(m, &m.truth.labels, "Last backup", instant(epoch.AddDate(0, 0, -i%9)))
		}
		e.tag(m, &m.truth.Tags, "Environment", []string{"production", "test", "development"}[i%3])
		if i%4 == 1 {
			e.tag(m, &m.truth.Tags, "Application", []string{"web shop", "payroll", "mail"}[i%3])
		}
		if i%12 == 5 { // more than one of a category
			e.tag(m, &m.truth.Tags, "Application", "monitoring")
			e.tag(m, &m.truth.Tags, "Application", "backup")
		}
	}
	for i, h := range p.hosts {
		e.describe(h, &h.truth.labels, "Rack", fmt.Sprintf("R%02d", i/4+1))
		e.describe(h, &h.truth.labels, "Owner", "Virtualization")
		e.tag(h, &h.truth.Tags, "Environment", "production")
		if i%3 == 0 {
			e.tag(h, &h.truth.Tags, "Application", "web shop")
			e.tag(h, &h.truth.Tags, "Application", "mail")
		}
	}
	for i, c := range e.clusters {
		e.describe(c, &c.truth.labels, "Cost center", fmt.Sprintf("%04d", 9000+i))
		e.tag(c, &c.truth.Tags, "Environment", []string{"production", "test"}[i%2])
	}
	for i, n := range e.networks {
		if i%2 == 0 {
			e.describe(n.object(), &n.truth.labels, "Cost center", fmt.Sprintf("%04d", 7000+i))
			e.tag(n.object(), &n.truth.Tags, "Application", "mail")
		}
	}
	for _, d := range e.switches {
		e.describe(d, &d.labels, "Cost center", "7999")
		e.tag(d, &d.labels.Tags, "Application", "monitoring")
	}
	for i, pool := range e.pools {
		if i%3 == 1 {
			e.describe(pool.entity(e), &pool.truth.labels, "Cost center", fmt.Sprintf("%04d", 8000+i))
			e.tag(pool, &pool.truth.Tags, "Application", "payroll")
		}
	}
	for i, d := range e.datastores {
		if i%2 == 0 {
			e.describe(d, &d.truth.labels, "Purpose", path.Base(d.Name))
			e.tag(d, &d.truth.Tags, "Tier", []string{"gold", "silver"}[i/2%2])
		}
	}
}

// declareLabels makes the categories and the attributes that label uses.
func (e *estate) declareLabels() {
	e.addField("Owner", "VirtualMachine")
	e.addField("Owner", "HostSystem")
	e.addField("Cost center", "")
	e.addField("Last backup", "VirtualMachine")
	e.addField("Rack", "HostSystem")
	e.addField("Purpose", "Datastore")
	e.tags.category(e.scene, "Environment", "Where in its life", true, "VirtualMachine", "HostSystem", "ClusterComputeResource")
	e.tags.category(e.scene, "Application", "What it serves", false)
	e.tags.category(e.scene, "Tier", "How fast", true, "Datastore", "StoragePod")
	e.tags.category(e.scene, "Unused", "", false, "Folder")
}
