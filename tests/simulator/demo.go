package main

import "time"

// demo is the small estate of screenshots and documentation.
type demo struct {
	main, branch                       *cluster
	dvs                                *distributedSwitch
	vmotion, provisioning              *network
	servers, databases, office         *network
	fast, bulk, edge, localDisk, media *datastore
}

func (e *estate) demo() (err error) {
	e.addDatacenter("Utrecht")
	d := new(demo)
	if d.main, err = e.addCluster("Production"); err != nil {
		return err
	}
	if d.branch, err = e.addCluster("Branch"); err != nil {
		return err
	}

	d.dvs = e.addDistributedSwitch("dvs-production", 9000)
	first, second := uplinkNames[:1], uplinkNames[1:]
	d.vmotion = e.distribute(d.dvs, "dv-vmotion", 20, first, second)
	d.provisioning = e.distribute(d.dvs, "dv-provisioning", 30, second, first)
	d.servers = e.distribute(d.dvs, "dv-servers", 110, uplinkNames, nil)
	d.databases = e.distribute(d.dvs, "dv-databases", 120, uplinkNames, nil)
	d.office = e.standardNetwork("Branch LAN", 200, "vSwitch1")

	e.demoHosts(d)
	everyone := append(append([]*host{}, d.main.hosts...), d.branch.hosts...)
	d.fast = e.addDatastore(datastoreSpec{name: "prod-nvme-01", capacity: 15360, free: 6210, ssd: true}, d.main.hosts)
	d.bulk = e.addDatastore(datastoreSpec{name: "prod-bulk-01", capacity: 40960, free: 21870}, d.main.hosts)
	d.edge = e.addDatastore(datastoreSpec{name: "branch-san-01", capacity: 8192, free: 5120, ssd: true}, d.branch.hosts)
	d.media = e.addDatastore(datastoreSpec{
		name: "iso-library", capacity: 2048, free: 1331, remote: "nas01.example.test", remotePath: "/export/iso",
	}, everyone)
	for _, h := range everyone {
		local := e.addDatastore(datastoreSpec{name: shortName(h.Name) + "-local", capacity: 447, free: 380, local: true, ssd: true}, []*host{h})
		if h == d.branch.hosts[1] {
			d.localDisk = local
		}
	}
	for _, spec := range d.machines() {
		e.addMachine(spec)
	}
	d.label(e)
	return nil
}

// machines lists the fourteen machines of the demo.
func (d *demo) machines() []machineSpec {
	var (
		server2022 = windowsServer(2022, "windows2019srvNext_64Guest")
		ubuntu     = linuxGuest("ubuntu64Guest", "Ubuntu Linux")
		rhel       = linuxGuest("rhel9_64Guest", "Red Hat Enterprise Linux 9")
	)
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 9, 30, 0, 0, time.UTC)
	}
	disk := func(store *datastore, gb int64) diskSpec { return diskSpec{datastore: store, gb: gb, thin: true} }
	thick := func(store *datastore, gb int64) diskSpec { return diskSpec{datastore: store, gb: gb} }
	card := func(n *network, ips ...string) cardSpec { return cardSpec{network: n, ips: ips} }
	named := func(g guestSpec, name string) guestSpec { return g.at(name+".example.test", toolsCurrent) }
	esx01, esx02, esx03 := d.main.hosts[0], d.main.hosts[1], d.main.hosts[2]
	esx11, esx12 := d.branch.hosts[0], d.branch.hosts[1]

	specs := []machineSpec{
		{name: "web01", folder: "Web", host: esx01, cpus: 4, memoryMB: 8192, guest: named(ubuntu, "web01"), efi: true,
			disks: []diskSpec{disk(d.fast, 60)}, cards: []cardSpec{card(d.servers, "192.0.2.101")}},
		{name: "web02", folder: "Web", host: esx02, cpus: 4, memoryMB: 8192, guest: named(ubuntu, "web02"), efi: true,
			disks: []diskSpec{disk(d.fast, 60)}, cards: []cardSpec{card(d.servers, "192.0.2.102")}},
		{name: "sql01", folder: "Databases", host: esx01, cpus: 16, memoryMB: 131072, guest: named(server2022, "sql01"), efi: true,
			annotation: "Primary of the availability group. Owner: data platform team.",
			disks:      []diskSpec{disk(d.fast, 100), thick(d.fast, 800), thick(d.fast, 400), thick(d.fast, 200)},
			cards:      []cardSpec{card(d.servers, "192.0.2.111"), card(d.databases, "198.51.100.111")}},
		{name: "sql02", folder: "Databases", host: esx02, cpus: 16, memoryMB: 131072, guest: named(server2022, "sql02"), efi: true,
			annotation: "Secondary of the availability group.",
			disks:      []diskSpec{disk(d.fast, 100), thick(d.fast, 800), thick(d.fast, 400), thick(d.fast, 200)},
			cards:      []cardSpec{card(d.servers, "192.0.2.112"), card(d.databases, "198.51.100.112")}},
		{name: "dc01", folder: "Infrastructure", host: esx03, cpus: 2, memoryMB: 8192, guest: named(server2022, "dc01"), efi: true,
			disks: []diskSpec{thick(d.fast, 80)}, cards: []cardSpec{card(d.servers, "192.0.2.53")}},
		{name: "files01", folder: "Infrastructure", host: esx03, cpus: 4, memoryMB: 16384, guest: named(server2022, "files01"), efi: true,
			disks:     []diskSpec{disk(d.fast, 100), disk(d.bulk, 8192), disk(d.bulk, 6144)},
			cards:     []cardSpec{card(d.servers, "192.0.2.121")},
			snapshots: []snapshotSpec{{name: "before patches 2025-12", description: "Remove after one week.", created: day(2025, 12, 9)}}},
		{name: "app01", folder: "Applications/Orders", host: esx01, cpus: 8, memoryMB: 32768, guest: named(rhel, "app01"), efi: true,
			disks: []diskSpec{disk(d.fast, 80), disk(d.fast, 250)}, cards: []cardSpec{card(d.servers, "192.0.2.131")}},
		{name: "app02", folder: "Applications/Orders", host: esx03, cpus: 8, memoryMB: 32768, guest: named(rhel, "app02"), efi: true,
			disks: []diskSpec{disk(d.fast, 80), disk(d.fast, 250)}, cards: []cardSpec{card(d.servers, "192.0.2.132")}},
		{name: "build01", folder: "Applications/Build", host: esx02, cpus: 8, memoryMB: 16384, guest: named(ubuntu, "build01"), efi: true,
			power: off, disks: []diskSpec{disk(d.bulk, 500)}, cards: []cardSpec{card(d.servers)}},
		{name: "template-ubuntu-24.04", folder: "Templates", host: esx03, cpus: 2, memoryMB: 4096, guest: ubuntu, efi: true,
			power: off, template: true, disks: []diskSpec{disk(d.bulk, 40)}, cards: []cardSpec{card(d.servers)}},
		{name: "jump01", folder: "Infrastructure", host: esx11, cpus: 2, memoryMB: 4096, guest: named(server2022, "jump01"), efi: true,
			power: suspended, disks: []diskSpec{disk(d.edge, 80)}, cards: []cardSpec{card(d.office, "198.51.100.50")}},
		{name: "dc11", folder: "Infrastructure", host: esx11, cpus: 2, memoryMB: 8192, efi: true,
			guest: windowsServer(2019, "windows2019srv_64Guest").at("dc11.example.test", toolsOld),
			disks: []diskSpec{thick(d.edge, 80)}, cards: []cardSpec{card(d.office, "198.51.100.53")}},
		{name: "print11", folder: "Infrastructure", host: esx12, cpus: 2, memoryMB: 4096, efi: true,
			guest: named(windowsServer(2016, "windows9Server64Guest"), "print11"),
			disks: []diskSpec{disk(d.edge, 60)}, cards: []cardSpec{card(d.office, "198.51.100.54")}},
		{name: "legacy01", folder: "Legacy", host: esx12, cpus: 1, memoryMB: 2048, hardware: 8,
			annotation: "Badge system. No Tools, no updates: replace in 2026.",
			guest: guestSpec{id: "windows7Server64Guest", fullName: "Microsoft Windows Server 2008 R2 (64-bit)", family: windows,
				tools: toolsAbsent},
			disks: []diskSpec{thick(d.localDisk, 40)}, cards: []cardSpec{{network: d.office, e1000: true}}},
	}
	for i := range specs {
		s := &specs[i]
		if s.power == "" {
			s.power = on
		}
		if s.hardware == 0 {
			s.hardware = 21
			if s.host.cluster == d.branch {
				s.hardware = 19
			}
		}
		s.created = day(2023, time.Month(1+i%12), 3+i)
		s.boot = day(2025, 12, 15+i)
	}
	return specs
}
