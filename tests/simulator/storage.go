package main

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// datastoreSpec is what a scene says about a datastore. Remote makes it an NFS
// export, otherwise it is VMFS, or vSAN.
type datastoreSpec struct {
	name           string
	capacity, free int64 // GiB
	local, ssd     bool
	remote         string
	remotePath     string
	readOnly       bool // on every second host
	vsan           bool
	old            bool // VMFS 5, on two extents
	iorm           bool // Storage I/O Control
	pod            *pod
}

type datastore struct {
	*simulator.Datastore
	truth *datastoreTruth
	spec  datastoreSpec
}

// pod is a datastore cluster.
type pod struct {
	*simulator.StoragePod
	truth      *podTruth
	datastores []*datastore
}

func (e *estate) addPod(name string) *pod {
	p := &pod{StoragePod: new(simulator.StoragePod)}
	folder := e.folder(e.datacenter.DatastoreFolder)
	p.Name = name
	p.ChildType = []string{"Datastore"}
	folder.ChildEntity = append(folder.ChildEntity, e.put(folder, p.StoragePod))
	p.PodStorageDrsEntry = &types.PodStorageDrsEntry{StorageDrsConfig: types.StorageDrsConfigInfo{
		PodConfig: types.StorageDrsPodConfigInfo{Enabled: true, DefaultVmBehavior: "manual", LoadBalanceInterval: 480, DefaultIntraVmAffinity: yes()},
	}}
	p.truth = &podTruth{Moref: p.Self.Value, Name: name, Datastores: []string{}, DRSEnabled: true, DRSBehavior: "manual"}
	e.truth.DatastoreClusters = append(e.truth.DatastoreClusters, p.truth)
	return p
}

// count adds up the pod's datastores.
func (p *pod) count() {
	p.Summary = &types.StoragePodSummary{Name: p.Name}
	for _, d := range p.datastores {
		p.Summary.Capacity += d.Summary.Capacity
		p.Summary.FreeSpace += d.Summary.FreeSpace
		p.truth.Datastores = append(p.truth.Datastores, d.Self.Value)
	}
	p.truth.CapacityBytes, p.truth.FreeBytes = p.Summary.Capacity, p.Summary.FreeSpace
}

func (e *estate) addDatastore(spec datastoreSpec, hosts []*host) *datastore {
	id := volumeID(e.scene, "datastore", spec.name)
	if spec.vsan {
		id = "vsan:" + hexID(e.scene, "datastore", spec.name)[:16] + "-" + hexID(e.scene, "datastore", spec.name)[16:]
	}
	path := "/vmfs/volumes/" + id
	d := &datastore{Datastore: new(simulator.Datastore), spec: spec}
	d.Name = spec.name
	var ref types.ManagedObjectReference
	if spec.pod != nil {
		ref = e.put(spec.pod.StoragePod, d.Datastore)
		spec.pod.ChildEntity = append(spec.pod.ChildEntity, ref)
		spec.pod.datastores = append(spec.pod.datastores, d)
	} else {
		folder := e.folder(e.datacenter.DatastoreFolder)
		ref = e.put(folder, d.Datastore)
		folder.ChildEntity = append(folder.ChildEntity, ref)
	}
	e.datacenter.Datastore = append(e.datacenter.Datastore, ref)
	e.datastores = append(e.datastores, d)

	browser := new(simulator.HostDatastoreBrowser)
	e.ctx.Map.Put(browser)
	d.Browser = browser.Self
	browser.Datastore = []types.ManagedObjectReference{ref}

	capacity, free := spec.capacity<<30, spec.free<<30
	uncommitted := capacity / 10
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
	default:
		d.Info = &types.VsanDatastoreInfo{DatastoreInfo: info, MembershipUuid: stableUUID(e.scene, "vsan", spec.name)}
	}
	d.Summary = types.DatastoreSummary{
		Datastore: &d.Self, Name: spec.name, Url: info.Url, Capacity: capacity, FreeSpace: free, Uncommitted: uncommitted,
		Accessible: true, MultipleHostAccess: &shared, Type: kind, MaintenanceMode: "normal",
	}
	d.Capability = types.DatastoreCapability{
		DirectoryHierarchySupported: true, RawDiskMappingsSupported: kind == "VMFS",
		PerFileThinProvisioningSupported: true, StorageIORMSupported: true,
	}
	if kind == "VMFS" {
		d.IormConfiguration = &types.StorageIORMInfo{
			Enabled: spec.iorm, CongestionThresholdMode: "automatic", CongestionThreshold: 30, PercentOfPeakThroughput: 90,
			StatsCollectionEnabled: true, StatsAggregationDisabled: no(),
		}
	}
	d.truth = &datastoreTruth{
		Moref: ref.Value, Name: spec.name, Type: kind, CapacityBytes: capacity, FreeBytes: free,
		HostMorefs: []string{}, Shared: shared, UncommittedBytes: &uncommitted, URL: info.Url,
	}
	d.tell()
	e.truth.Datastores = append(e.truth.Datastores, d.truth)
	for i, h := range hosts {
		d.mount(h, path, volume, spec.readOnly && i%2 == 1)
	}
	return d
}

// tell adds what follows from the kind of datastore.
func (d *datastore) tell() {
	t, spec := d.truth, d.spec
	t.OverallStatus, t.Accessible, t.MaintenanceMode, t.Extents, t.Mounts = "green", true, "normal", []string{}, []mountTruth{}
	t.InfoType = reflect.TypeOf(d.Info).Elem().Name()
	switch info := d.Info.(type) {
	case *types.NasDatastoreInfo:
		t.RemoteHost, t.RemotePath, t.Version = spec.remote, spec.remotePath, info.Nas.Type
	case *types.VmfsDatastoreInfo:
		t.Version, t.BlockSizeMB, t.Local, t.SSD = spec.vmfsVersion(), &info.Vmfs.BlockSizeMb, &spec.local, &spec.ssd
		for _, extent := range info.Vmfs.Extent {
			t.Extents = append(t.Extents, fmt.Sprintf("%s:%d", extent.DiskName, extent.Partition))
		}
		t.IOControl, t.CongestionMS = &spec.iorm, &d.IormConfiguration.CongestionThreshold
	}
	if spec.pod != nil {
		t.DatastoreCluster, t.DatastoreClusterRef = spec.pod.Name, spec.pod.Self.Value
	}
}

func (s datastoreSpec) vmfsVersion() string {
	if s.old {
		return "5.81"
	}
	return "6.82"
}

func (s datastoreSpec) volume(id string, capacity int64) types.BaseHostFileSystemVolume {
	volume := types.HostFileSystemVolume{Name: s.name, Capacity: capacity}
	switch {
	case s.remote != "":
		volume.Type = "NFS"
		return &types.HostNasVolume{
			HostFileSystemVolume: volume, RemoteHost: s.remote, RemotePath: s.remotePath, RemoteHostNames: []string{s.remote},
			SecurityType: "AUTH_SYS", ProtocolEndpoint: no(),
		}
	case s.vsan:
		volume.Type = "vsan"
		return &volume
	}
	volume.Type = "VMFS"
	vmfs := &types.HostVmfsVolume{
		HostFileSystemVolume: volume, BlockSizeMb: 1, BlockSize: 1024, MaxBlocks: 61 << 20, MajorVersion: 6, Version: s.vmfsVersion(),
		UnmapGranularity: 1024, UnmapPriority: "low",
		Uuid: id, Ssd: types.NewBool(s.ssd), Local: types.NewBool(s.local),
		Extent: []types.HostScsiDiskPartition{{DiskName: "naa.6" + id[:8] + id[9:17], Partition: 1}},
	}
	if s.old {
		vmfs.MajorVersion = 5
		vmfs.Extent = append(vmfs.Extent, types.HostScsiDiskPartition{DiskName: "naa.7" + id[:8] + id[9:17], Partition: 3})
	}
	return vmfs
}

func (d *datastore) mount(h *host, path string, volume types.BaseHostFileSystemVolume, readOnly bool) {
	mount := types.HostMountInfo{Path: path, AccessMode: "readWrite", Mounted: yes(), Accessible: yes()}
	if readOnly {
		mount.AccessMode = "readOnly"
	}
	if _, ok := volume.(*types.HostNasVolume); ok {
		mount.VmknicName, mount.VmknicActive = "vmk0", yes()
	}
	if h.Config == nil {
		mount.Accessible = no()
		mount.InaccessibleReason = "AllPathsDown_Start"
	} else {
		volumes := h.Config.FileSystemVolume
		volumes.MountInfo = append(volumes.MountInfo, types.HostFileSystemMountInfo{
			MountInfo: mount, Volume: volume, VStorageSupport: "vStorageSupported",
		})
		h.addLUNs(d)
	}
	d.Host = append(d.Host, types.DatastoreHostMount{Key: h.Self, MountInfo: mount})
	d.truth.HostMorefs = append(d.truth.HostMorefs, h.Self.Value)
	d.truth.Mounts = append(d.truth.Mounts, mountTruth{
		HostMoref: h.Self.Value, Path: path, AccessMode: mount.AccessMode, Mounted: *mount.Mounted, Accessible: *mount.Accessible,
		Reason: mount.InaccessibleReason, VMKNIC: mount.VmknicName,
	})
	h.Datastore = append(h.Datastore, d.Self)
	h.datastores = append(h.datastores, d)
	include(&h.cluster.Datastore, d.Self)
}

// cut breaks a host's way to the datastore.
func (d *datastore) cut(h *host, reason string, mounted bool) {
	for i := range d.Host {
		if d.Host[i].Key == h.Self {
			mount := &d.Host[i].MountInfo
			mount.Accessible, mount.InaccessibleReason, mount.Mounted = no(), reason, &mounted
			t := &d.truth.Mounts[i]
			t.Accessible, t.Reason, t.Mounted = false, reason, mounted
		}
	}
}
