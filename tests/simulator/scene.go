package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// build makes the scene the options ask for.
func (e *estate) build(o options) error {
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
	case "awkward":
		return e.awkward(plainSize{clusters: clusters, hosts: size(o.hosts, 8), vms: size(o.vms, 12)})
	}
	return fmt.Errorf("unknown scene %q: plain, demo and awkward exist", o.scene)
}

// conceal takes the right to read a property away, and says so in the truth.
func (e *estate) conceal(ref types.ManagedObjectReference, note *oddity, path string) {
	e.hidden.hide(ref, path)
	note.Hidden = append(note.Hidden, path)
}
