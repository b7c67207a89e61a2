package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	maintenanceHost  = 1
	disconnectedHost = 2
)

// strangeNames try every reader of a name. vCenter itself escapes %, / and \.
var strangeNames = []struct{ awkward, name string }{
	{"quotes", `it's "quoted"`},
	{"markup", `<script>alert(1)</script> & co`},
	{"formula", `=cmd|' /C calc'!A0`},
	{"newline", "two\nlines"},
	{"percent-escapes", `a%2fb%5cc%25d%0ae`},
	{"unicode", "bücher-日本-\u202efdp"},
	{"blank", "  leading and trailing  "},
}

// awkward is a small plain estate with things that go wrong in real ones.
func (e *estate) awkward(size plainSize) error {
	if size.hosts < 4 || size.vms < 8 {
		return fmt.Errorf("the awkward scene needs 4 hosts and 8 machines, not %d and %d", size.hosts, size.vms)
	}
	p, err := e.plain(size, func(number int, spec *hostSpec) {
		spec.maintenance = number == maintenanceHost
		spec.disconnected = number == disconnectedHost
	})
	if err != nil {
		return err
	}
	p.hosts[maintenanceHost].truth.Awkward = "maintenance"
	p.hosts[disconnectedHost].truth.Awkward = "disconnected"
	for _, m := range p.machines {
		if m.spec.host == p.hosts[disconnectedHost] {
			m.disconnect(types.VirtualMachineConnectionStateDisconnected)
			m.truth.Awkward = "host-disconnected"
		}
	}
	e.addStrangeMachines(p)
	e.addOddities(p)
	e.concealSome(p)
	return nil
}

func (e *estate) addStrangeMachines(p *plainEstate) {
	h := p.hosts[0]
	count := len(p.machines)
	add := func(awkward, name string, change func(*machineSpec)) *machine {
		spec := p.machine(e, count, h)
		count++
		spec.name, spec.template, spec.power = name, false, on
		spec.guest.hostName = fmt.Sprintf("strange-%02d.example.test", count)
		if change != nil {
			change(&spec)
		}
		m := e.addMachine(spec)
		m.truth.Awkward = awkward
		return m
	}

	add("no-config", "%2fvmfs%2fvolumes%2flost%2flost.vmx", nil).lose(types.VirtualMachineConnectionStateInaccessible)
	add("orphaned", "orphan", nil).disconnect(types.VirtualMachineConnectionStateOrphaned)
	add("no-host", "hostless", func(s *machineSpec) { s.power = off }).unhost()
	add("invalid", "invalid", nil).disconnect(types.VirtualMachineConnectionStateInvalid)
	for i, folder := range []string{"Linux", "Windows/Servers"} {
		add("duplicate-name", "twin", func(s *machineSpec) { s.folder, s.key = folder, fmt.Sprintf("_%d", i+1) })
	}
	for _, strange := range strangeNames {
		add(strange.awkward, strange.name, func(s *machineSpec) { s.annotation = "first line\nsecond; \"line\"\t<b>" })
	}

	// Copies made outside vCenter keep their BIOS id.
	original, copied := p.machines[0], add("duplicate-uuid", "copied-on-disk", nil)
	copied.Config.Uuid, copied.Summary.Config.Uuid = original.Config.Uuid, original.Config.Uuid
	original.truth.Awkward = "duplicate-uuid"
}

// concealSome hides properties the way a role without System.Read does.
func (e *estate) concealSome(p *plainEstate) {
	machine := p.machines[1]
	e.conceal(machine.Self, &machine.truth.oddity, "config.hardware.device")
	machine = p.machines[3]
	e.conceal(machine.Self, &machine.truth.oddity, "guest")
	host := p.hosts[3]
	e.conceal(host.Self, &host.truth.oddity, "config.network.vnic")
	store := host.datastores[len(host.datastores)-1]
	e.conceal(store.Self, &store.truth.oddity, "summary")
}
