package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

type diskSpec struct {
	datastore  *datastore
	gb         int64
	thin       bool
	mode       string // persistent unless told otherwise
	controller int    // which SCSI controller
	sharing    string // sharingNone unless told otherwise
	raw        string // physicalMode or virtualMode: a raw device mapping
	key        string // encrypted with this key
	shares     string // of I/O: normal unless told otherwise
	iops       int64  // limit; 0 is none
}

// controllerSpec is a SCSI controller of a machine.
type controllerSpec struct {
	kind string // VirtualLsiLogicSASController or, unless told otherwise, ParaVirtualSCSIController
	bus  string // noSharing unless told otherwise
}

const (
	independent    = "independent_persistent"
	nonpersistent  = "independent_nonpersistent"
	paravirtual    = "ParaVirtualSCSIController"
	lsiLogicSAS    = "VirtualLsiLogicSASController"
	physicalMode   = "physicalMode"
	virtualMode    = "virtualMode"
	multiWriter    = "sharingMultiWriter"
	scsiKey        = 1000
	ideKey         = 200
	pciKey         = 100
	ps2Key         = 300
	sioKey         = 400
	firstDisk      = 2000
	firstCard      = 4000
	keyProvider    = "native-key-provider"
	ownUnit        = 7 // of a SCSI controller on its own bus
	unlimitedLimit = -1
)

func (d diskSpec) diskMode() string { return orDefault(d.mode, "persistent") }

// frozen disks keep one file whatever snapshots are taken.
func (d diskSpec) frozen() bool {
	return d.mode == independent || d.mode == nonpersistent || d.raw == physicalMode
}

func (s controllerSpec) build(number int) types.BaseVirtualSCSIController {
	var device types.BaseVirtualSCSIController = new(types.ParaVirtualSCSIController)
	summary := "VMware paravirtual SCSI"
	if s.kind == lsiLogicSAS {
		device, summary = new(types.VirtualLsiLogicSASController), "LSI Logic SAS"
	}
	scsi := device.GetVirtualSCSIController()
	scsi.Key, scsi.ControllerKey, scsi.UnitNumber = int32(scsiKey+number), pciKey, types.NewInt32(int32(3+number))
	scsi.BusNumber = int32(number)
	scsi.DeviceInfo = label(fmt.Sprintf("SCSI controller %d", number), summary)
	scsi.SharedBus = types.VirtualSCSISharing(orDefault(s.bus, "noSharing"))
	scsi.HotAddRemove, scsi.ScsiCtlrUnitNumber = yes(), ownUnit
	return device
}

// diskFile names the file at one level of a disk's chain; 0 is the base.
func (m *machine) diskFile(index, level int, suffix string) string {
	name := ""
	if index > 0 {
		name = fmt.Sprintf("_%d", index)
	}
	if level > 0 {
		name += fmt.Sprintf("-%06d", level)
	}
	return m.file(name + suffix)
}

// diskPath puts the file on the disk's own datastore, beside no .vmx perhaps.
func (m *machine) diskPath(index, level int, spec diskSpec) string {
	file := m.diskFile(index, level, ".vmdk")
	return "[" + spec.datastore.Name + "]" + file[len(m.home.Name)+2:]
}

// levels are the files a disk consists of, the base first, when a chain is in use.
func (d diskSpec) levels(chain []int) []int {
	if d.frozen() {
		return []int{0}
	}
	return chain
}

// disk builds a disk as it is with a chain of levels.
func (m *machine) disk(e *estate, index int, spec diskSpec, chain []int) *types.VirtualDisk {
	capacity := spec.gb << 30
	disk := &types.VirtualDisk{CapacityInBytes: capacity, CapacityInKB: capacity >> 10, NativeUnmanagedLinkedClone: no()}
	disk.Key = int32(firstDisk + index)
	disk.ControllerKey, disk.UnitNumber = int32(scsiKey+spec.controller), types.NewInt32(m.unit(index))
	disk.DeviceInfo = label(fmt.Sprintf("Hard disk %d", index+1), fmt.Sprintf("%d KB", capacity>>10))
	disk.Shares = spec.ioShares()
	limit := int64(unlimitedLimit)
	if spec.iops > 0 {
		limit = spec.iops
	}
	disk.StorageIOAllocation = &types.StorageIOAllocationInfo{Limit: &limit, Shares: spec.ioShares(), Reservation: types.NewInt32(0)}
	disk.DiskObjectId = fmt.Sprintf("%s-%d", m.Self.Value, disk.Key)

	id := stableUUID(e.scene, "disk", m.spec.name, m.spec.key, fmt.Sprint(index))
	if spec.raw != "" {
		disk.Backing = m.rawBacking(e, index, spec, id, chain)
	} else {
		disk.Backing = m.flatBacking(index, spec, id, chain)
	}
	return disk
}

func (d diskSpec) ioShares() *types.SharesInfo {
	shares := map[string]int32{"low": 500, "normal": 1000, "high": 2000}
	level := orDefault(d.shares, "normal")
	return &types.SharesInfo{Shares: shares[level], Level: types.SharesLevel(level)}
}

// unit numbers a disk among those of its controller, which itself takes number 7.
func (m *machine) unit(index int) int32 {
	unit := int32(0)
	for _, other := range m.spec.disks[:index] {
		if other.controller == m.spec.disks[index].controller {
			if unit++; unit == ownUnit {
				unit++
			}
		}
	}
	return unit
}

func (m *machine) flatBacking(index int, spec diskSpec, id string, chain []int) types.BaseVirtualDeviceBackingInfo {
	var backing *types.VirtualDiskFlatVer2BackingInfo
	for _, level := range spec.levels(chain) {
		backing = &types.VirtualDiskFlatVer2BackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{
				FileName: m.diskPath(index, level, spec), Datastore: &spec.datastore.Self,
			},
			DiskMode: spec.diskMode(), ThinProvisioned: types.NewBool(spec.thin), WriteThrough: no(), Split: no(),
			Uuid: id, ContentId: shortID(id, level), Sharing: orDefault(spec.sharing, "sharingNone"), DigestEnabled: no(), Parent: backing,
		}
		if m.spec.changeTracking {
			backing.ChangeId = fmt.Sprintf("52 %s/%d", shortID(id, level), level+1)
		}
		if spec.key != "" {
			backing.KeyId = cryptoKey(spec.key)
		}
		if level > 0 {
			backing.DeltaDiskFormat = "seSparseFormat"
		} else if !spec.thin {
			backing.EagerlyScrub = types.NewBool(index > 0)
		}
	}
	return backing
}

func (m *machine) rawBacking(e *estate, index int, spec diskSpec, id string, chain []int) types.BaseVirtualDeviceBackingInfo {
	lun := rawLun(e.scene, m.spec.name, index)
	var backing *types.VirtualDiskRawDiskMappingVer1BackingInfo
	for _, level := range spec.levels(chain) {
		backing = &types.VirtualDiskRawDiskMappingVer1BackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{
				FileName: m.diskPath(index, level, spec), Datastore: &spec.datastore.Self,
			},
			LunUuid: lun, DeviceName: "vml." + lun, CompatibilityMode: spec.raw, DiskMode: spec.diskMode(),
			Sharing: orDefault(spec.sharing, "sharingNone"), Parent: backing,
		}
		if spec.raw == virtualMode {
			backing.Uuid, backing.ContentId = id, shortID(id, level)
		}
		if level > 0 {
			backing.DeltaDiskFormat = "seSparseFormat"
		}
	}
	return backing
}

// rawLun is the id of the LUN behind a mapping.
func rawLun(scene, machine string, index int) string {
	return "02000000006" + hexID(scene, "lun", machine, fmt.Sprint(index))[1:] + "564d46532020"
}

func cryptoKey(id string) *types.CryptoKeyId {
	return &types.CryptoKeyId{KeyId: id, ProviderId: &types.KeyProviderId{Id: keyProvider}}
}

// tellDisk adds the disk to the truth; its size on disk comes with the layout.
func (m *machine) tellDisk(e *estate, index int, spec diskSpec) {
	controller := m.spec.controller(spec.controller)
	t := diskTruth{
		Label: fmt.Sprintf("Hard disk %d", index+1), CapacityBytes: spec.gb << 30, DatastoreMoref: spec.datastore.Self.Value,
		Thin: types.NewBool(spec.thin), Mode: spec.diskMode(), Key: int32(firstDisk + index),
		Sharing: orDefault(spec.sharing, "sharingNone"), UUID: stableUUID(e.scene, "disk", m.spec.name, m.spec.key, fmt.Sprint(index)),
		Controller: fmt.Sprintf("SCSI controller %d", spec.controller), ControllerType: orDefault(controller.kind, paravirtual),
		BusSharing: orDefault(controller.bus, "noSharing"), Unit: m.unit(index), WriteThrough: no(), KeyID: spec.key,
		IOShares: spec.ioShares().Shares, IOLevel: orDefault(spec.shares, "normal"),
	}
	levels := spec.levels(m.running)
	for _, level := range levels {
		t.Chain = append([]string{m.diskPath(index, level, spec)}, t.Chain...)
	}
	t.File, t.ChainLength = t.Chain[0], len(t.Chain)
	if spec.iops > 0 {
		t.IOLimit = &spec.iops
	}
	if !spec.thin && len(levels) == 1 {
		t.EagerlyScrub = types.NewBool(index > 0)
	}
	if spec.raw != "" {
		lun := rawLun(e.scene, m.spec.name, index)
		t.Raw, t.RawMode, t.RawDevice, t.RawLun = true, spec.raw, "vml."+lun, lun
		t.Thin, t.WriteThrough, t.EagerlyScrub = nil, nil, nil
		if spec.raw == physicalMode {
			t.UUID = ""
		}
	}
	m.truth.Disks = append(m.truth.Disks, t)
}
