package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// snapshotSpec is a snapshot and those taken after it. The machine runs on the
// last one: the last child of the last child, and so on.
type snapshotSpec struct {
	name, description string
	created           time.Time
	children          []snapshotSpec
	memory, quiesced  bool
}

// chains numbers the files of a disk: 0 is the base, and what is written after
// a snapshot goes to a file of its own. It returns the chain of each snapshot,
// parents before children, and the one that is written to.
func chains(specs []snapshotSpec) (frozen [][]int, running []int) {
	next := 0
	grow := func(chain []int) []int {
		next++
		return append(append([]int{}, chain...), next-1)
	}
	var walk func(specs []snapshotSpec, chain []int, current bool)
	walk = func(specs []snapshotSpec, chain []int, current bool) {
		for i, spec := range specs {
			own := grow(chain)
			frozen = append(frozen, own)
			walk(spec.children, own, current && i == len(specs)-1)
		}
		if current && len(specs) == 0 {
			running = grow(chain)
		}
	}
	walk(specs, nil, true)
	return frozen, running
}

func (m *machine) takeSnapshots(e *estate) {
	if len(m.spec.snapshots) == 0 {
		return
	}
	m.Snapshot = new(types.VirtualMachineSnapshotInfo)
	m.Snapshot.RootSnapshotList = m.tree(e, m.spec.snapshots, nil, true)
	for _, root := range m.Snapshot.RootSnapshotList {
		m.RootSnapshot = append(m.RootSnapshot, root.Snapshot)
	}
}

func (m *machine) tree(e *estate, specs []snapshotSpec, parent *snapshotTruth, running bool) []types.VirtualMachineSnapshotTree {
	var trees []types.VirtualMachineSnapshotTree
	for i, spec := range specs {
		number := len(m.truth.Snapshots)
		snapshot := new(simulator.VirtualMachineSnapshot)
		snapshot.Vm = m.Self
		snapshot.Config = *m.Config
		snapshot.Config.Hardware.Device = m.devicesAt(e, m.frozen[number])
		e.ctx.Map.Put(snapshot)

		running := running && i == len(specs)-1
		current := running && len(spec.children) == 0
		if current {
			m.Snapshot.CurrentSnapshot = &snapshot.Self
		}
		t := snapshotTruth{
			Moref: snapshot.Self.Value, Name: spec.name, Description: spec.description, Created: instant(spec.created), Current: current,
			ID: int32(number + 1), PowerState: string(off), Quiesced: spec.quiesced, HasMemory: spec.memory, DiskFiles: []string{},
		}
		if spec.memory {
			t.PowerState = string(on)
		}
		if parent != nil {
			t.Parent, t.ParentMoref = &parent.Name, parent.Moref
		}
		m.truth.Snapshots = append(m.truth.Snapshots, t)

		tree := types.VirtualMachineSnapshotTree{
			Snapshot: snapshot.Self, Vm: m.Self, Name: spec.name, Description: spec.description, Quiesced: spec.quiesced,
			Id: t.ID, CreateTime: spec.created, State: types.VirtualMachinePowerState(t.PowerState), ReplaySupported: no(),
		}
		tree.ChildSnapshotList = m.tree(e, spec.children, &t, running)
		for _, child := range tree.ChildSnapshotList {
			snapshot.ChildSnapshot = append(snapshot.ChildSnapshot, child.Snapshot)
		}
		trees = append(trees, tree)
	}
	return trees
}

// devicesAt are the machine's devices with the disks as they were.
func (m *machine) devicesAt(e *estate, chain []int) []types.BaseVirtualDevice {
	devices := append([]types.BaseVirtualDevice{}, m.Config.Hardware.Device...)
	for i, device := range devices {
		if disk, ok := device.(*types.VirtualDisk); ok {
			index := int(disk.Key - firstDisk)
			devices[i] = m.disk(e, index, m.spec.disks[index], chain)
		}
	}
	return devices
}
