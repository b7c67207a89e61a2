package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// layout lists a machine's files while they are being counted.
type layout struct {
	*types.VirtualMachineFileLayoutEx
	usage map[types.ManagedObjectReference]*types.VirtualMachineUsageOnDatastore
	units map[string]types.VirtualMachineFileLayoutExDiskUnit // by the path of the descriptor
}

func (l *layout) add(store *datastore, kind, name string, size int64) int32 {
	key := int32(len(l.File))
	l.File = append(l.File, types.VirtualMachineFileLayoutExFileInfo{
		Key: key, Name: name, Type: kind, Size: size, UniqueSize: size, BackingObjectId: "", Accessible: yes(),
	})
	if l.usage[store.Self] == nil {
		l.usage[store.Self] = &types.VirtualMachineUsageOnDatastore{Datastore: store.Self}
	}
	l.usage[store.Self].Committed += size
	l.usage[store.Self].Unshared += size
	return key
}

func (l *layout) size(unit types.VirtualMachineFileLayoutExDiskUnit) int64 {
	total := int64(0)
	for _, key := range unit.FileKey {
		total += l.File[key].Size
	}
	return total
}

// layOut lists the machine's files and, from their sizes, its use of storage.
func (m *machine) layOut() {
	l := &layout{
		&types.VirtualMachineFileLayoutEx{Timestamp: epoch},
		map[types.ManagedObjectReference]*types.VirtualMachineUsageOnDatastore{},
		map[string]types.VirtualMachineFileLayoutExDiskUnit{},
	}
	l.add(m.home, "config", m.file(".vmx"), 3<<10)
	l.add(m.home, "nvram", m.file(".nvram"), 264<<10)
	l.add(m.home, "snapshotList", m.file(".vmsd"), 1<<10)
	l.add(m.home, "log", m.directory()+"vmware.log", 300<<10)
	if m.spec.power == on {
		l.add(m.home, "swap", m.file(".vswp"), int64(m.spec.memoryMB)<<20-m.spec.memory.reservation<<20)
	}
	if m.spec.power == suspended {
		l.add(m.home, "suspend", m.file(".vmss"), 5<<20)
		l.add(m.home, "suspendMemory", m.file(".vmem"), int64(m.spec.memoryMB)<<20)
	}
	all := append(append([][]int{}, m.frozen...), m.running)
	for i, spec := range m.spec.disks {
		for _, chain := range all {
			m.unitsOf(l, i, spec, spec.levels(chain))
		}
		if spec.thin {
			l.usage[spec.datastore.Self].Uncommitted += spec.gb << 30 / 2
		}
	}
	l.Disk = m.layoutOf(l, m.running)
	for i, disk := range l.Disk {
		for _, unit := range disk.Chain {
			m.truth.Disks[i].SizeBytes += l.size(unit)
		}
	}
	for i := range m.truth.Snapshots {
		m.layOutSnapshot(l, i)
	}
	m.LayoutEx = l.VirtualMachineFileLayoutEx
	m.Storage = &types.VirtualMachineStorageInfo{Timestamp: epoch}
	for _, ref := range m.Datastore {
		m.Storage.PerDatastoreUsage = append(m.Storage.PerDatastoreUsage, *l.usage[ref])
	}
}

// unitsOf adds those files of a disk that are not listed yet.
func (m *machine) unitsOf(l *layout, index int, spec diskSpec, levels []int) {
	for _, level := range levels {
		path := m.diskPath(index, level, spec)
		if _, known := l.units[path]; known {
			continue
		}
		extent, size := "-flat.vmdk", spec.gb<<30
		switch {
		case level > 0:
			extent, size = "-sesparse.vmdk", spec.gb<<30/20+int64(level)<<20
		case spec.raw == physicalMode:
			extent, size = "-rdmp.vmdk", 0 // the data is on the LUN
		case spec.raw == virtualMode:
			extent, size = "-rdm.vmdk", 0
		case spec.thin:
			size /= 2
		}
		l.units[path] = types.VirtualMachineFileLayoutExDiskUnit{FileKey: []int32{
			l.add(spec.datastore, "diskDescriptor", path, 1<<10),
			l.add(spec.datastore, "diskExtent", path[:len(path)-len(".vmdk")]+extent, size),
		}}
	}
}

func (m *machine) layoutOf(l *layout, chain []int) []types.VirtualMachineFileLayoutExDiskLayout {
	var disks []types.VirtualMachineFileLayoutExDiskLayout
	for i, spec := range m.spec.disks {
		disk := types.VirtualMachineFileLayoutExDiskLayout{Key: int32(firstDisk + i)}
		for _, level := range spec.levels(chain) {
			disk.Chain = append(disk.Chain, l.units[m.diskPath(i, level, spec)])
		}
		disks = append(disks, disk)
	}
	return disks
}

func (m *machine) layOutSnapshot(l *layout, number int) {
	t := &m.truth.Snapshots[number]
	t.DataBytes = 30 << 10
	entry := types.VirtualMachineFileLayoutExSnapshotLayout{
		Key:       types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: t.Moref},
		DataKey:   l.add(m.home, "snapshotData", m.file(fmt.Sprintf("-Snapshot%d.vmsn", number+1)), t.DataBytes),
		MemoryKey: -1,
		Disk:      m.layoutOf(l, m.frozen[number]),
	}
	if t.HasMemory {
		t.MemoryBytes = int64(m.spec.memoryMB) << 20
		entry.MemoryKey = l.add(m.home, "snapshotMemory", m.file(fmt.Sprintf("-Snapshot%d.vmem", number+1)), t.MemoryBytes)
	}
	l.Snapshot = append(l.Snapshot, entry)

	var above []int
	for i := range m.truth.Snapshots[:number] {
		if m.truth.Snapshots[i].Moref == t.ParentMoref {
			above = m.frozen[i]
		}
	}
	for i, spec := range m.spec.disks {
		if spec.frozen() {
			continue
		}
		for _, level := range m.frozen[number][len(above):] {
			path := m.diskPath(i, level, spec)
			t.DiskFiles = append(t.DiskFiles, path)
			t.DiskBytes += l.size(l.units[path])
		}
	}
}
