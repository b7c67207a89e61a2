package main

import (
	"fmt"
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
}

// depth counts the snapshots below the running state.
func depth(snapshots []snapshotSpec) int {
	if len(snapshots) == 0 {
		return 0
	}
	return 1 + depth(snapshots[len(snapshots)-1].children)
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

func (m *machine) tree(e *estate, specs []snapshotSpec, parent *snapshotSpec, running bool) []types.VirtualMachineSnapshotTree {
	var trees []types.VirtualMachineSnapshotTree
	for i, spec := range specs {
		snapshot := new(simulator.VirtualMachineSnapshot)
		snapshot.Vm = m.Self
		snapshot.Config = *m.Config
		e.ctx.Map.Put(snapshot)

		running := running && i == len(specs)-1
		current := running && len(spec.children) == 0
		if current {
			m.Snapshot.CurrentSnapshot = &snapshot.Self
		}
		t := snapshotTruth{
			Moref: snapshot.Self.Value, Name: spec.name, Description: spec.description, Created: instant(spec.created), Current: current,
		}
		if parent != nil {
			t.Parent = &parent.name
		}
		m.truth.Snapshots = append(m.truth.Snapshots, t)

		tree := types.VirtualMachineSnapshotTree{
			Snapshot: snapshot.Self, Vm: m.Self, Name: spec.name, Description: spec.description,
			Id: int32(len(m.truth.Snapshots)), CreateTime: spec.created, State: off, ReplaySupported: no(),
		}
		tree.ChildSnapshotList = m.tree(e, spec.children, &spec, running)
		for _, child := range tree.ChildSnapshotList {
			snapshot.ChildSnapshot = append(snapshot.ChildSnapshot, child.Snapshot)
		}
		trees = append(trees, tree)
	}
	return trees
}

// layOut lists the machine's files and, from their sizes, its use of storage.
func (m *machine) layOut() {
	layout := &types.VirtualMachineFileLayoutEx{Timestamp: epoch}
	usage := map[types.ManagedObjectReference]*types.VirtualMachineUsageOnDatastore{}
	add := func(store *datastore, kind, name string, size int64) int32 {
		key := int32(len(layout.File))
		layout.File = append(layout.File, types.VirtualMachineFileLayoutExFileInfo{
			Key: key, Name: name, Type: kind, Size: size, UniqueSize: size, Accessible: yes(),
		})
		if usage[store.Self] == nil {
			usage[store.Self] = &types.VirtualMachineUsageOnDatastore{Datastore: store.Self}
		}
		usage[store.Self].Committed += size
		usage[store.Self].Unshared += size
		return key
	}

	add(m.home, "config", m.file(".vmx"), 3<<10)
	add(m.home, "nvram", m.file(".nvram"), 264<<10)
	if m.spec.power == on {
		add(m.home, "swap", m.file(".vswp"), int64(m.spec.memoryMB)<<20)
	}
	if m.spec.power == suspended {
		add(m.home, "suspendMemory", m.file(".vmem"), int64(m.spec.memoryMB)<<20)
	}
	for i, spec := range m.spec.disks {
		disk := types.VirtualMachineFileLayoutExDiskLayout{Key: int32(firstDisk + i)}
		for level := range m.chain(spec) {
			path := m.diskPath(i, level, spec)
			extent, size := "-flat.vmdk", spec.gb<<30
			if spec.thin {
				size /= 2
			}
			if level > 0 {
				extent, size = "-sesparse.vmdk", spec.gb<<30/20
			}
			disk.Chain = append(disk.Chain, types.VirtualMachineFileLayoutExDiskUnit{FileKey: []int32{
				add(spec.datastore, "diskDescriptor", path, 1<<10),
				add(spec.datastore, "diskExtent", path[:len(path)-len(".vmdk")]+extent, size),
			}})
		}
		if spec.thin {
			usage[spec.datastore.Self].Uncommitted += spec.gb << 30 / 2
		}
		layout.Disk = append(layout.Disk, disk)
	}
	for i, snapshot := range m.truth.Snapshots {
		layout.Snapshot = append(layout.Snapshot, types.VirtualMachineFileLayoutExSnapshotLayout{
			Key:       types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: snapshot.Moref},
			DataKey:   add(m.home, "snapshotData", m.file(fmt.Sprintf("-Snapshot%d.vmsn", i+1)), 30<<10),
			MemoryKey: -1,
		})
	}
	m.LayoutEx = layout
	m.Storage = &types.VirtualMachineStorageInfo{Timestamp: epoch}
	for _, ref := range m.Datastore {
		m.Storage.PerDatastoreUsage = append(m.Storage.PerDatastoreUsage, *usage[ref])
	}
}
