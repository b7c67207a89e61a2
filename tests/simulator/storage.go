package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// datastoreSpec is what a scene says about a datastore. Remote makes it an NFS
// export, otherwise it is VMFS.
type datastoreSpec struct {
	name           string
	capacity, free int64 // GiB
	local, ssd     bool
	remote         string
	remotePath     string
}

type datastore struct {
	*simulator.Datastore
	truth *datastoreTruth
}

func (e *estate) addDatastore(spec datastoreSpec, hosts []*host) *datastore {
	id := volumeID(e.scene, "datastore", spec.name)
	path := "/vmfs/volumes/" + id
	d := &datastore{Datastore: new(simulator.Datastore)}
	d.Name = spec.name
	folder := e.folder(e.datacenter.DatastoreFolder)
	ref := e.put(folder, d.Datastore)
	folder.ChildEntity = append(folder.ChildEntity, ref)
	e.datacenter.Datastore = append(e.datacenter.Datastore, ref)

	browser := new(simulator.HostDatastoreBrowser)
	e.ctx.Map.Put(browser)
	d.Browser = browser.Self
	browser.Datastore = []types.ManagedObjectReference{ref}

	capacity, free := spec.capacity<<30, spec.free<<30
	shared := len(hosts) > 1
	info := types.DatastoreInfo{
		Name: spec.name, Url: "ds://" + path + "/", FreeSpace: free, MaxFileSize: 64 << 40,
		MaxVirtualDiskCapacity: 62 << 40, MaxMemoryFileSize: 64 << 40, Timestamp: &epoch,
	}
	volume := spec.volume(id, capacity)
	kind := volume.GetHostFileSystemVolume().Type
	switch v := volume.(type) {
	case *types.HostNasVolume:
		d.Info = &types.NasDatastoreInfo{DatastoreInfo: info, Nas: v}
	case *types.HostVmfsVolume:
		d.Info = &types.VmfsDatastoreInfo{
			DatastoreInfo: info, MaxPhysicalRDMFileSize: 62 << 40, MaxVirtualRDMFileSize: 62 << 40, Vmfs: v,
		}
	}
	d.Summary = types.DatastoreSummary{
		Datastore: &d.Self, Name: spec.name, Url: info.Url, Capacity: capacity, FreeSpace: free, Uncommitted: capacity / 10,
		Accessible: true, MultipleHostAccess: &shared, Type: kind, MaintenanceMode: "normal",
	}
	d.Capability = types.DatastoreCapability{
		DirectoryHierarchySupported: true, RawDiskMappingsSupported: kind == "VMFS",
		PerFileThinProvisioningSupported: true, StorageIORMSupported: true,
	}
	d.truth = &datastoreTruth{
		Moref: ref.Value, Name: spec.name, Type: kind, CapacityBytes: capacity, FreeBytes: free,
		HostMorefs: []string{}, Shared: shared,
	}
	e.truth.Datastores = append(e.truth.Datastores, d.truth)
	for _, h := range hosts {
		d.mount(h, path, volume)
	}
	return d
}

func (s datastoreSpec) volume(id string, capacity int64) types.BaseHostFileSystemVolume {
	volume := types.HostFileSystemVolume{Name: s.name, Capacity: capacity}
	if s.remote != "" {
		volume.Type = "NFS"
		return &types.HostNasVolume{
			HostFileSystemVolume: volume, RemoteHost: s.remote, RemotePath: s.remotePath, RemoteHostNames: []string{s.remote},
		}
	}
	volume.Type = "VMFS"
	return &types.HostVmfsVolume{
		HostFileSystemVolume: volume, BlockSizeMb: 1, BlockSize: 1024, MaxBlocks: 61 << 20, MajorVersion: 6, Version: "6.82",
		Uuid: id, Ssd: types.NewBool(s.ssd), Local: types.NewBool(s.local),
		Extent: []types.HostScsiDiskPartition{{DiskName: "naa.6" + id[:8] + id[9:17], Partition: 1}},
	}
}

func (d *datastore) mount(h *host, path string, volume types.BaseHostFileSystemVolume) {
	mount := types.HostMountInfo{Path: path, AccessMode: "readWrite", Mounted: yes(), Accessible: yes()}
	if h.Config == nil {
		mount.Accessible = no()
		mount.InaccessibleReason = "AllPathsDown_Start"
	} else {
		volumes := h.Config.FileSystemVolume
		volumes.MountInfo = append(volumes.MountInfo, types.HostFileSystemMountInfo{
			MountInfo: mount, Volume: volume, VStorageSupport: "vStorageSupported",
		})
	}
	d.Host = append(d.Host, types.DatastoreHostMount{Key: h.Self, MountInfo: mount})
	d.truth.HostMorefs = append(d.truth.HostMorefs, h.Self.Value)
	h.Datastore = append(h.Datastore, d.Self)
	h.datastores = append(h.datastores, d)
	include(&h.cluster.Datastore, d.Self)
}
