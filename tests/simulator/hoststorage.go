package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// hbaSpec is a storage adapter; its kind is the name of the API's type without
// Host and Hba around it.
type hbaSpec struct {
	kind, model, driver string
	offline             bool
	shared              bool // datastores of several hosts are reached through it
}

// The adapters of the four set-ups of the plain scene; others have the first.
var storageSetups = [][]hbaSpec{
	{
		{kind: "Block", model: "Lewisburg SATA AHCI Controller", driver: "vmw_ahci"},
		{kind: "SerialAttached", model: "PERC H755 Front", driver: "lsi_mr3"},
		{kind: "FibreChannel", model: "QLogic 32Gb 2-port FC to PCIe Gen4 x8 Adapter", driver: "qlnativefc", shared: true},
		{kind: "FibreChannel", model: "QLogic 32Gb 2-port FC to PCIe Gen4 x8 Adapter", driver: "qlnativefc", shared: true},
	}, {
		{kind: "Block", model: "Lewisburg SATA AHCI Controller", driver: "vmw_ahci"},
		{kind: "Pcie", model: "NVMe SSD Controller PM173X", driver: "nvme_pcie"},
		{kind: "InternetScsi", model: "iSCSI Software Adapter", driver: "iscsi_vmk", shared: true},
	}, {
		{kind: "ParallelScsi", model: "Smart Array P816i-a SR Gen10", driver: "nhpsa"},
		{kind: "FibreChannelOverEthernet", model: "82599 10 Gigabit FCoE", driver: "fcoe", shared: true},
		{kind: "FibreChannel", model: "Emulex LightPulse LPe35002-M2", driver: "lpfc", shared: true, offline: true},
	}, {
		{kind: "Block", model: "Cannon Lake SATA AHCI", driver: "vmw_ahci"},
		{kind: "Tcp", model: "VMware NVMe over TCP Storage Adapter", driver: "nvmetcp", shared: true},
		{kind: "Rdma", model: "VMware NVMe over RDMA Storage Adapter", driver: "nvmerdma"},
	},
}

func (s hostSpec) hbas() []hbaSpec {
	if s.storage == nil {
		return storageSetups[0]
	}
	return s.storage
}

func (h *host) addHBAs(spec hostSpec) {
	h.truth.Details.HBAs, h.truth.Details.LUNs = []hbaTruth{}, []lunTruth{}
	for i, s := range spec.hbas() {
		h.addHBA(i, s)
	}
	h.addDisc()
}

func (h *host) addHBA(number int, spec hbaSpec) {
	device := fmt.Sprintf("vmhba%d", number)
	if spec.kind == "InternetScsi" || spec.kind == "Tcp" || spec.kind == "Rdma" {
		device = fmt.Sprintf("vmhba%d", 64+number) // software adapters count from there
	}
	base := types.HostHostBusAdapter{
		Key: "key-vim.host." + spec.kind + "Hba-" + device, Device: device, Bus: int32(number), Status: "online",
		Model: spec.model, Driver: spec.driver, Pci: fmt.Sprintf("0000:%02x:00.%d", 0x18+number, number%2), StorageProtocol: "scsi",
	}
	if spec.offline {
		base.Status = "offline"
	}
	wwn := int64(0x21000024ff000000) + int64(hostNumber(h))<<8 + int64(number)
	name := ""
	fibre := types.HostFibreChannelHba{
		HostHostBusAdapter: base, PortWorldWideName: wwn, NodeWorldWideName: wwn - 0x0100000000000000, PortType: "fabric", Speed: 32,
	}
	var hba types.BaseHostHostBusAdapter
	switch spec.kind {
	case "FibreChannel":
		hba, name = &fibre, colonHex(wwn)
	case "FibreChannelOverEthernet":
		hba, name = &types.HostFibreChannelOverEthernetHba{HostFibreChannelHba: fibre, UnderlyingNic: "vmnic0"}, colonHex(wwn)
	case "InternetScsi":
		name = "iqn.1998-01.com.vmware:" + shortName(h.Name) + "-" + hexID("iqn", h.Name)[:8]
		base.Pci = ""
		hba = &types.HostInternetScsiHba{
			HostHostBusAdapter: base, IsSoftwareBased: true, CanBeDisabled: yes(), NetworkBindingSupport: "optional", IScsiName: name,
			ConfiguredSendTarget: []types.HostInternetScsiHbaSendTarget{{Address: "10.40.0.10", Port: 3260}},
			MaxSpeedMb:           25000, CurrentSpeedMb: 25000,
		}
	case "SerialAttached":
		node := 0x5<<60 | wwn&0xffffffff
		hba, name = &types.HostSerialAttachedHba{HostHostBusAdapter: base, NodeWorldWideName: fmt.Sprintf("%016x", node)}, colonHex(node)
	case "ParallelScsi":
		hba = &types.HostParallelScsiHba{HostHostBusAdapter: base}
	case "Pcie":
		base.StorageProtocol = "nvme"
		hba = &types.HostPcieHba{HostHostBusAdapter: base}
	case "Tcp":
		base.StorageProtocol, base.Pci = "nvme", ""
		hba = &types.HostTcpHba{HostHostBusAdapter: base, AssociatedPnic: "vmnic0"}
	case "Rdma":
		base.StorageProtocol, base.Pci = "nvme", ""
		hba = &types.HostRdmaHba{HostHostBusAdapter: base, AssociatedRdmaDevice: "vmrdma0"}
	default:
		hba = &types.HostBlockHba{HostHostBusAdapter: base}
	}
	storage := h.Config.StorageDevice
	storage.HostBusAdapter = append(storage.HostBusAdapter, hba)
	h.truth.Details.HBAs = append(h.truth.Details.HBAs, hbaTruth{
		Device: device, Type: reflect.TypeOf(hba).Elem().Name(), Model: spec.model, Driver: spec.driver, PCI: base.Pci,
		Status: base.Status, Bus: base.Bus, WWN: name,
	})
	adapter := *hba.GetHostHostBusAdapter()
	if spec.shared {
		h.fabric = append(h.fabric, adapter)
	} else if h.inside.Key == "" || number == 1 {
		h.inside = adapter
	}
}

// hostNumber is the number in the host's moref.
func hostNumber(h *host) (n int) {
	_, _ = fmt.Sscanf(h.Self.Value, "host-%d", &n)
	return n
}

func colonHex(n int64) string {
	digits := fmt.Sprintf("%016x", n)
	var parts []string
	for i := 0; i < len(digits); i += 2 {
		parts = append(parts, digits[i:i+2])
	}
	return strings.Join(parts, ":")
}

// addDisc adds what no disk is: a drive for discs.
func (h *host) addDisc() {
	lun := types.ScsiLun{
		HostDevice: types.HostDevice{DeviceName: "/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0", DeviceType: "cdrom"},
		Key:        "key-vim.host.ScsiLun-0005", Uuid: "0005000000766d686261303a303a30", CanonicalName: "mpx.vmhba0:C0:T0:L0",
		DisplayName: "Local PLDS CD-ROM (mpx.vmhba0:C0:T0:L0)", LunType: "cdrom", Vendor: "PLDS    ", Model: "DVD-ROM DU-8D5LH",
		Revision: "6D5M", ScsiLevel: 5, SerialNumber: "unavailable", QueueDepth: 1, OperationalState: []string{"ok"},
	}
	h.Config.StorageDevice.ScsiLun = append(h.Config.StorageDevice.ScsiLun, &lun)
	h.tellLUN(lun, "VMW_PSP_FIXED", h.paths(lun, []types.HostHostBusAdapter{h.inside}, nil))
}

// addLUNs adds the disks a datastore lies on.
func (h *host) addLUNs(d *datastore) {
	info, ok := d.Info.(*types.VmfsDatastoreInfo)
	if !ok {
		return
	}
	for _, extent := range info.Vmfs.Extent {
		name := extent.DiskName
		disk := types.HostScsiDisk{
			ScsiLun: types.ScsiLun{
				HostDevice: types.HostDevice{DeviceName: "/vmfs/devices/disks/" + name, DeviceType: "disk"},
				Key:        "key-vim.host.ScsiDisk-" + lunID(name), Uuid: lunID(name), CanonicalName: name,
				DisplayName: "PURE Fibre Channel Disk (" + name + ")", LunType: "disk", Vendor: "PURE    ", Model: "FlashArray      ",
				Revision: "8888", ScsiLevel: 6, SerialNumber: hexID("serial", name)[:24], QueueDepth: 64,
				OperationalState: []string{"ok"}, VStorageSupport: "vStorageSupported",
				Descriptor: []types.ScsiLunDescriptor{{Quality: "highQuality", Id: name}},
			},
			Capacity:   types.HostDiskDimensionsLba{BlockSize: 512, Block: d.Summary.Capacity / int64(len(info.Vmfs.Extent)) / 512},
			DevicePath: "/vmfs/devices/disks/" + name, Ssd: &d.spec.ssd, LocalDisk: &d.spec.local, ScsiDiskType: "native512",
		}
		adapters, policy := h.fabric, "VMW_PSP_RR"
		if d.spec.local || len(adapters) == 0 {
			adapters, policy = []types.HostHostBusAdapter{h.inside}, "VMW_PSP_FIXED"
			disk.DisplayName, disk.Vendor, disk.Model = "Local DELL Disk ("+name+")", "DELL    ", "PERC H755 Front "
		}
		if d.spec.old {
			disk.OperationalState = []string{"ok", "degraded"}
		}
		h.Config.StorageDevice.ScsiLun = append(h.Config.StorageDevice.ScsiLun, &disk)
		h.tellLUN(disk.ScsiLun, policy, h.paths(disk.ScsiLun, adapters, &policy))
		t := &h.truth.Details.LUNs[len(h.truth.Details.LUNs)-1]
		bytes := disk.Capacity.Block * 512
		t.CapacityBytes, t.SSD, t.Local = &bytes, disk.Ssd, disk.LocalDisk
	}
}

// lunID is the id of a disk, as in the keys that link its parts.
func lunID(name string) string {
	return "0200000000" + strings.TrimPrefix(name, "naa.") + "466c61736841"
}

// paths adds a way to the LUN through each adapter; two targets behind each of a fabric.
func (h *host) paths(lun types.ScsiLun, adapters []types.HostHostBusAdapter, policy *string) []string {
	targets := 1
	if policy != nil && *policy == "VMW_PSP_RR" {
		targets = 2
	}
	unit := types.HostMultipathInfoLogicalUnit{
		Key: "key-vim.host.MultipathInfo.LogicalUnit-" + lun.Uuid, Id: lun.Uuid, Lun: lun.Key,
		Policy: &types.HostMultipathInfoFixedLogicalUnitPolicy{
			HostMultipathInfoLogicalUnitPolicy: types.HostMultipathInfoLogicalUnitPolicy{Policy: "VMW_PSP_FIXED"},
		},
		StorageArrayTypePolicy: &types.HostMultipathInfoLogicalUnitStorageArrayTypePolicy{Policy: "VMW_SATP_LOCAL"},
	}
	if targets == 2 {
		unit.Policy = &types.HostMultipathInfoLogicalUnitPolicy{Policy: *policy}
		unit.StorageArrayTypePolicy.Policy = "VMW_SATP_ALUA"
	}
	number := len(h.Config.StorageDevice.MultipathInfo.Lun)
	told := []string{}
	for _, adapter := range adapters {
		for target := range targets {
			path := types.HostMultipathInfoPath{
				Name:    fmt.Sprintf("%s:C0:T%d:L%d", adapter.Device, target, number),
				Adapter: adapter.Key, Lun: unit.Key, State: "active", PathState: "active", IsWorkingPath: yes(),
				Transport: &types.HostBlockAdapterTargetTransport{},
			}
			path.Key = "key-vim.host.MultipathInfo.Path-" + path.Name
			if targets == 2 {
				path.Transport = &types.HostFibreChannelTargetTransport{
					PortWorldWideName: 0x524a937000000000 + int64(target), NodeWorldWideName: 0x524a937000000000,
				}
			}
			switch {
			case adapter.Status != "online":
				path.State, path.PathState, path.IsWorkingPath = "dead", "dead", no()
			case target > 0 && number%3 == 2:
				path.State, path.PathState, path.IsWorkingPath = "standby", "standby", no()
			}
			unit.Path = append(unit.Path, path)
			told = append(told, path.Name+" "+path.State)
		}
	}
	if fixed, ok := unit.Policy.(*types.HostMultipathInfoFixedLogicalUnitPolicy); ok && len(unit.Path) > 0 {
		fixed.Prefer = unit.Path[0].Name
	}
	multipath := h.Config.StorageDevice.MultipathInfo
	multipath.Lun = append(multipath.Lun, unit)
	return told
}

func (h *host) tellLUN(lun types.ScsiLun, policy string, paths []string) {
	h.truth.Details.LUNs = append(h.truth.Details.LUNs, lunTruth{
		Name: lun.CanonicalName, Label: lun.DisplayName, UUID: lun.Uuid, Type: lun.LunType, Vendor: lun.Vendor, Model: lun.Model,
		Revision: lun.Revision, Serial: lun.SerialNumber, QueueDepth: lun.QueueDepth, States: list(lun.OperationalState),
		Policy: policy, Paths: paths,
	})
}
