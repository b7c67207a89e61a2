package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// build makes the scene the options ask for.
func (e *estate) build(o options) error {
	if err := e.populate(o); err != nil {
		return err
	}
	e.finish(o)
	return nil
}

func (e *estate) populate(o options) error {
	size := func(asked, usual int) int {
		if asked > 0 {
			return asked
		}
		return usual
	}
	clusters := size(o.clusters, 2)
	switch o.scene {
	case "plain":
		_, err := e.plain(plainSize{clusters: clusters, hosts: size(o.hosts, 10), vms: size(o.vms, 100)}, nil)
		return err
	case "demo":
		return e.demo()
	case "networks":
		return e.migrations()
	case "awkward":
		return e.awkward(plainSize{clusters: clusters, hosts: size(o.hosts, 8), vms: size(o.vms, 12)})
	}
	return fmt.Errorf("unknown scene %q: plain, demo, awkward and networks exist", o.scene)
}

// finish works out what only the whole scene shows.
func (e *estate) finish(o options) {
	e.countPools()
	e.publishFields()
	for _, c := range e.clusters {
		c.tell()
	}
	e.license()
	e.tellNetworks()
	e.truth.TagCategories = e.tags.truth()
}

// forgetTruth lets go of what is written: of a large estate it is half the memory.
func (e *estate) forgetTruth() {
	e.truth.VMs = nil
	for _, m := range e.machines {
		m.truth, m.devices = nil, nil
	}
}

// conceal takes the right to read a property away, and says so in the truth.
func (e *estate) conceal(ref types.ManagedObjectReference, note *oddity, path string) {
	e.hidden.hide(ref, path)
	note.Hidden = append(note.Hidden, path)
}
