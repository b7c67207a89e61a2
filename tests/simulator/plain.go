package main

import "fmt"

type plainSize struct{ clusters, hosts, vms int }

// plainEstate is what the plain scene made, for the awkward one to spoil.
type plainEstate struct {
	site     *site
	hosts    []*host
	shared   map[*cluster]*datastore
	machines []*machine

	pools    map[*cluster]plainPools
	library  *datastore                // NFS, with images
	pod      map[*cluster][]*datastore // a datastore cluster
	vsan     map[*cluster]*datastore
	standard *network
}

// plain spreads hosts over clusters and machines over hosts. Everything about
// an object follows from its number. The change, if any, is made to each host
// before it is built.
func (e *estate) plain(size plainSize, change func(number int, spec *hostSpec)) (*plainEstate, error) {
	e.addDatacenter("Datacenter")
	e.declareLabels()
	p := &plainEstate{
		site: e.addSite(), shared: map[*cluster]*datastore{}, pools: map[*cluster]plainPools{},
		pod: map[*cluster][]*datastore{}, vsan: map[*cluster]*datastore{},
	}

	clusters := make([]*cluster, size.clusters)
	for i := range clusters {
		c, err := e.addCluster(fmt.Sprintf("cluster-%02d", i+1))
		if err != nil {
			return nil, err
		}
		c.setEVC([]string{"intel-skylake", ""}[i%2])
		clusters[i] = c
	}
	for i := range size.hosts {
		spec := p.site.host(i%size.clusters, i/size.clusters)
		if change != nil {
			change(i, &spec)
		}
		p.hosts = append(p.hosts, e.addHost(clusters[i%size.clusters], spec))
	}
	for _, c := range clusters {
		p.shared[c] = e.addDatastore(datastoreSpec{name: c.Name + "-shared", capacity: 20480, free: 8192, ssd: true}, c.hosts)
	}
	p.addStorage(e)
	for _, h := range p.hosts {
		h.local = e.addDatastore(datastoreSpec{name: shortName(h.Name) + "-local", capacity: 894, free: 512, local: true, ssd: true}, []*host{h})
	}
	for i, h := range p.hosts {
		if i%4 == 1 {
			h.swapTo(h.local)
		}
	}
	p.standard = e.standardNetwork("VM Network", 0, "vSwitch0")
	for _, c := range clusters {
		p.pools[c] = e.addPlainPools(c)
	}
	if size.hosts == 0 {
		return p, nil
	}
	for i := range size.vms {
		p.machines = append(p.machines, e.addMachine(p.machine(e, i, p.hosts[i%size.hosts])))
	}
	e.another = func() machineSpec {
		i := len(e.machines)
		return p.machine(e, i, p.hosts[i%size.hosts])
	}
	p.label(e)
	p.configureClusters(e)
	return p, nil
}

// addStorage adds what is neither a cluster's usual datastore nor a host's own.
func (p *plainEstate) addStorage(e *estate) {
	p.library = e.addDatastore(datastoreSpec{
		name: "library", capacity: 4096, free: 1500, remote: "nas01.example.test", remotePath: "/export/library", readOnly: true,
	}, p.hosts)
	for i, c := range e.clusters {
		if i%2 == 0 {
			pod := e.addPod(c.Name + "-pod")
			for n := range 2 {
				p.pod[c] = append(p.pod[c], e.addDatastore(datastoreSpec{
					name: fmt.Sprintf("%s-pod-%02d", c.Name, n+1), capacity: 8192, free: int64(2048 * (n + 1)), pod: pod, iorm: true,
				}, c.hosts))
			}
			pod.count()
		} else {
			p.vsan[c] = e.addDatastore(datastoreSpec{name: c.Name + "-vsan", capacity: 30720, free: 20480, vsan: true}, c.hosts)
		}
	}
}

var (
	plainGuests = []guestSpec{
		linuxGuest("ubuntu64Guest", "Ubuntu Linux"),
		windowsServer(2022, "windows2019srvNext_64Guest"),
		linuxGuest("rhel9_64Guest", "Red Hat Enterprise Linux 9"),
		windowsServer(2019, "windows2019srv_64Guest"),
		linuxGuest("debian12_64Guest", "Debian GNU/Linux 12"),
	}
	plainHardware = []int{13, 14, 15, 17, 19, 20, 21}
	plainFolders  = []string{"", "Linux", "Windows/Servers", "Teams/Team 01/Applications"}
)

func (p *plainEstate) machine(e *estate, i int, h *host) machineSpec {
	name := fmt.Sprintf("vm-%05d", i+1)
	shared, local := p.shared[h.cluster], h.local
	spec := machineSpec{
		name: name, folder: plainFolders[i%len(plainFolders)], host: h, power: on,
		cpus: int32(1 << (i % 4)), memoryMB: int32(2048 << (i % 4)),
		hardware: plainHardware[i%len(plainHardware)], efi: i%3 != 0,
		created: epoch.AddDate(-1, 0, -i%300), boot: epoch.AddDate(0, 0, -1-i%30),
		disks: []diskSpec{{datastore: shared, gb: int64(20 + i%5*20), thin: i%2 == 0}},
	}
	switch {
	case i%25 == 24:
		spec.template, spec.power, spec.folder = true, off, "Templates"
	case i%10 == 7:
		spec.power = off
	case i%10 == 8:
		spec.power = suspended
	}

	tools := toolsCurrent
	switch i % 11 {
	case 3:
		tools = toolsOld
	case 5:
		tools = toolsStopped
	case 9:
		tools = toolsAbsent
	}
	spec.guest = plainGuests[i%len(plainGuests)].at(name+".example.test", tools)

	if i%4 == 1 {
		second := diskSpec{datastore: shared, gb: 200, thin: i%8 == 1}
		if i%16 == 5 {
			second.datastore = local
		}
		spec.disks = append(spec.disks, second)
	}
	if i%8 == 3 {
		spec.disks = append(spec.disks, diskSpec{datastore: shared, gb: 100}, diskSpec{datastore: shared, gb: 50, mode: independent})
	}

	primary := cardSpec{network: e.standardNetwork("VM Network", 0, "vSwitch0"), e1000: i%13 == 12}
	if h.distributed {
		primary.network = p.site.dvMachines
	}
	primary.ips = []string{fmt.Sprintf("10.%d.%d.%d", 100+i/62500, i/250%250, 2+i%250)}
	if spec.guest.family == linux {
		primary.ips = append(primary.ips, fmt.Sprintf("2001:db8::%x", i+1))
	}
	spec.cards = []cardSpec{primary}
	if i%5 == 0 {
		spec.cards = append(spec.cards, cardSpec{network: primary.network, disconnected: i%10 == 0})
	}

	if i%9 == 4 && !spec.template {
		spec.snapshots = []snapshotSpec{{
			name: "before-upgrade", description: "Taken before the upgrade", created: epoch.AddDate(0, -2, 0),
			children: []snapshotSpec{{name: "after-upgrade", created: epoch.AddDate(0, -1, -i%20)}},
		}}
	}
	p.vary(i, &spec, local)
	return spec
}
