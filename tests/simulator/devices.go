package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

type diskSpec struct {
	datastore *datastore
	gb        int64
	thin      bool
	mode      string // persistent unless told otherwise
}

type cardSpec struct {
	network      *network
	ips          []string
	disconnected bool
	e1000        bool
}

const (
	independent = "independent_persistent"
	scsiKey     = 1000
	ideKey      = 200
	pciKey      = 100
	firstDisk   = 2000
	firstCard   = 4000
)

func label(label, summary string) *types.Description {
	return &types.Description{Label: label, Summary: summary}
}

// attach gives the machine its controllers, disks, network cards and CD drive.
func (m *machine) attach(e *estate) {
	scsi := new(types.ParaVirtualSCSIController)
	scsi.Key, scsi.ControllerKey, scsi.UnitNumber = scsiKey, pciKey, types.NewInt32(3)
	scsi.DeviceInfo = label("SCSI controller 0", "VMware paravirtual SCSI")
	scsi.SharedBus, scsi.HotAddRemove, scsi.ScsiCtlrUnitNumber = "noSharing", yes(), 7
	ide := new(types.VirtualIDEController)
	ide.Key, ide.DeviceInfo = ideKey, label("IDE 0", "IDE 0")
	pci := new(types.VirtualPCIController)
	pci.Key, pci.DeviceInfo, pci.Device = pciKey, label("PCI controller 0", "PCI controller 0"), []int32{scsiKey}
	video := new(types.VirtualMachineVideoCard)
	video.Key, video.DeviceInfo, video.ControllerKey = 500, label("Video card ", "Video card"), pciKey
	video.VideoRamSizeInKB, video.NumDisplays, video.UseAutoDetect = 8192, 1, no()

	var disks, cards []types.BaseVirtualDevice
	for i, spec := range m.spec.disks {
		disk := m.disk(e, i, spec)
		scsi.Device = append(scsi.Device, disk.Key)
		disks = append(disks, disk)
		include(&m.Datastore, spec.datastore.Self)
		include(&spec.datastore.Vm, m.Self)
	}
	for i, spec := range m.spec.cards {
		card := m.card(e, i, spec)
		pci.Device = append(pci.Device, card.GetVirtualDevice().Key)
		cards = append(cards, card)
		include(&m.Network, spec.network.ref())
		spec.network.entity.Vm = append(spec.network.entity.Vm, m.Self)
	}

	devices := append([]types.BaseVirtualDevice{ide, pci, video, scsi}, disks...)
	devices = append(devices, cdrom())
	m.Config.Hardware.Device = append(devices, cards...)
}

func cdrom() *types.VirtualCdrom {
	drive := new(types.VirtualCdrom)
	drive.Key, drive.ControllerKey, drive.UnitNumber = 3000, ideKey, types.NewInt32(0)
	drive.DeviceInfo = label("CD/DVD drive 1", "Remote device")
	drive.Backing = &types.VirtualCdromRemotePassthroughBackingInfo{
		VirtualDeviceRemoteDeviceBackingInfo: types.VirtualDeviceRemoteDeviceBackingInfo{UseAutoDetect: no()},
	}
	drive.Connectable = &types.VirtualDeviceConnectInfo{AllowGuestControl: true, Status: "untried"}
	return drive
}

func (d diskSpec) diskMode() string { return orDefault(d.mode, "persistent") }

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

// chain is the number of files a disk consists of. Snapshots leave independent
// disks alone.
func (m *machine) chain(spec diskSpec) int {
	if spec.mode == independent {
		return 1
	}
	return depth(m.spec.snapshots) + 1
}

func (m *machine) disk(e *estate, index int, spec diskSpec) *types.VirtualDisk {
	capacity := spec.gb << 30
	disk := &types.VirtualDisk{CapacityInBytes: capacity, CapacityInKB: capacity >> 10, NativeUnmanagedLinkedClone: no()}
	disk.Key = int32(firstDisk + index)
	disk.ControllerKey, disk.UnitNumber = scsiKey, types.NewInt32(int32(index))
	disk.DeviceInfo = label(fmt.Sprintf("Hard disk %d", index+1), fmt.Sprintf("%d KB", capacity>>10))
	disk.Shares = &types.SharesInfo{Shares: 1000, Level: "normal"}

	id := stableUUID(e.scene, "disk", m.spec.name, m.spec.key, fmt.Sprint(index))
	length := m.chain(spec)
	var backing *types.VirtualDiskFlatVer2BackingInfo
	for level := range length {
		backing = &types.VirtualDiskFlatVer2BackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{
				FileName: m.diskPath(index, level, spec), Datastore: &spec.datastore.Self,
			},
			DiskMode: spec.diskMode(), ThinProvisioned: types.NewBool(spec.thin), WriteThrough: no(), Split: no(),
			Uuid: id, Sharing: "sharingNone", DigestEnabled: no(), Parent: backing,
		}
		if level > 0 {
			backing.DeltaDiskFormat = "seSparseFormat"
		} else if !spec.thin {
			backing.EagerlyScrub = types.NewBool(index > 0)
		}
	}
	disk.Backing = backing
	m.truth.Disks = append(m.truth.Disks, diskTruth{
		Label: fmt.Sprintf("Hard disk %d", index+1), CapacityBytes: capacity, DatastoreMoref: spec.datastore.Self.Value,
		File: backing.FileName, Thin: spec.thin, Mode: spec.diskMode(), ChainLength: length,
	})
	return disk
}

// diskPath puts the file on the disk's own datastore, beside no .vmx perhaps.
func (m *machine) diskPath(index, level int, spec diskSpec) string {
	file := m.diskFile(index, level, ".vmdk")
	return "[" + spec.datastore.Name + "]" + file[len(m.home.Name)+2:]
}

func (m *machine) card(e *estate, index int, spec cardSpec) types.BaseVirtualDevice {
	var device types.BaseVirtualDevice = new(types.VirtualVmxnet3)
	kind := "VirtualVmxnet3"
	if spec.e1000 {
		device, kind = new(types.VirtualE1000e), "VirtualE1000e"
	}
	connected := m.spec.power == on && !spec.disconnected
	name := fmt.Sprintf("Network adapter %d", index+1)

	card := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	card.Key = int32(firstCard + index)
	card.ControllerKey, card.UnitNumber = pciKey, types.NewInt32(int32(7+index))
	card.AddressType, card.MacAddress, card.WakeOnLanEnabled = "assigned", mac(hostMAC, 0x800000+e.nextMAC()), yes()
	card.Connectable = &types.VirtualDeviceConnectInfo{
		StartConnected: !spec.disconnected, AllowGuestControl: true, Connected: connected, Status: "ok",
	}
	n := spec.network
	if n.group != nil {
		card.DeviceInfo = label(name, "DVSwitch: "+n.dvs.Uuid)
		card.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{
				SwitchUuid: n.dvs.Uuid, PortgroupKey: n.group.Key, PortKey: n.dvs.port(n),
			},
		}
	} else {
		ref := n.ref()
		card.DeviceInfo = label(name, n.truth.Name)
		card.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: n.truth.Name, UseAutoDetect: no()},
			Network:                        &ref,
		}
	}
	addresses := []string{}
	if m.spec.guest.running(m.spec.power) {
		addresses = append(addresses, spec.ips...)
	}
	m.truth.NICs = append(m.truth.NICs, nicTruth{
		Label: name, MAC: card.MacAddress, NetworkMoref: n.ref().Value, Connected: connected, Type: kind,
		IPAddresses: addresses,
	})
	return device
}
