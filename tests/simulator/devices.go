package main

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

// deviceSpec is a device that is neither disk nor network card.
type deviceSpec struct {
	kind, backing string // see deviceTruth
	path          string // file, device, profile or address
	name          string // of a PCI device, which has an address in any case
	datastore     *datastore
	connected     bool // while the machine runs, and when it starts
	fixed         bool // the platform says that it cannot be moved live
}

// parts is what a kind of device is made of: where it is attached, the name on
// its label, and what can be behind it.
type parts struct {
	key, controller int32
	label           string
	device          func() types.BaseVirtualDevice
	backing         map[string]func(deviceSpec) types.BaseVirtualDeviceBackingInfo
	always          bool // without a plug that could be pulled
}

func hostDevice(s deviceSpec) types.VirtualDeviceDeviceBackingInfo {
	return types.VirtualDeviceDeviceBackingInfo{DeviceName: s.path, UseAutoDetect: no()}
}

func clientDevice(s deviceSpec) types.VirtualDeviceRemoteDeviceBackingInfo {
	return types.VirtualDeviceRemoteDeviceBackingInfo{DeviceName: s.path, UseAutoDetect: no()}
}

func fileBacking(s deviceSpec) types.VirtualDeviceFileBackingInfo {
	backing := types.VirtualDeviceFileBackingInfo{FileName: s.path}
	if s.datastore != nil {
		backing.Datastore = &s.datastore.Self
	}
	return backing
}

type backings = map[string]func(deviceSpec) types.BaseVirtualDeviceBackingInfo

var deviceKinds = map[string]parts{
	"cdrom": {3000, ideKey, "CD/DVD drive", func() types.BaseVirtualDevice { return new(types.VirtualCdrom) }, backings{
		"image": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualCdromIsoBackingInfo{VirtualDeviceFileBackingInfo: fileBacking(s)}
		},
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualCdromAtapiBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s)}
		},
		"client": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualCdromRemotePassthroughBackingInfo{VirtualDeviceRemoteDeviceBackingInfo: clientDevice(s)}
		},
	}, false},
	"floppy": {8000, sioKey, "Floppy drive", func() types.BaseVirtualDevice { return new(types.VirtualFloppy) }, backings{
		"image": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualFloppyImageBackingInfo{VirtualDeviceFileBackingInfo: fileBacking(s)}
		},
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualFloppyDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s)}
		},
		"client": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualFloppyRemoteDeviceBackingInfo{VirtualDeviceRemoteDeviceBackingInfo: clientDevice(s)}
		},
	}, false},
	"usb": {11000, 7000, "USB", func() types.BaseVirtualDevice {
		return &types.VirtualUSB{Vendor: 0x1d6b, Product: 0x0104, Family: []string{"storage"}, Speed: []string{"high"}}
	}, backings{
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualUSBUSBBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s)}
		},
		"remote-host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualUSBRemoteHostBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s), Hostname: "localhost"}
		},
	}, false},
	"passthrough": {13000, pciKey, "PCI device", func() types.BaseVirtualDevice { return new(types.VirtualPCIPassthrough) }, backings{
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualPCIPassthroughDeviceBackingInfo{
				VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: s.name, UseAutoDetect: no()},
				Id:                             s.path, DeviceId: "a54", SystemId: "64d0a1a2-0001-0001-0001-b4969100a1a2", VendorId: 0x144d,
			}
		},
		"dynamic": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualPCIPassthroughDynamicBackingInfo{
				VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{UseAutoDetect: no()},
				AllowedDevice:                  []types.VirtualPCIPassthroughAllowedDevice{{VendorId: 0x10de, DeviceId: 0x20b5}},
				CustomLabel:                    s.path,
			}
		},
	}, true},
	"vgpu": {13100, pciKey, "PCI device", func() types.BaseVirtualDevice { return new(types.VirtualPCIPassthrough) }, backings{
		"vgpu": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualPCIPassthroughVmiopBackingInfo{
				Vgpu: s.path, VgpuMigrateDataSizeMB: 1024, MigrateSupported: types.NewBool(!s.fixed), EnhancedMigrateCapability: no(),
			}
		},
	}, true},
	"serial": {9000, sioKey, "Serial port", func() types.BaseVirtualDevice { return &types.VirtualSerialPort{YieldOnPoll: true} }, backings{
		"image": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualSerialPortFileBackingInfo{VirtualDeviceFileBackingInfo: fileBacking(s)}
		},
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualSerialPortDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s)}
		},
		"network": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualSerialPortURIBackingInfo{VirtualDeviceURIBackingInfo: types.VirtualDeviceURIBackingInfo{
				ServiceURI: s.path, Direction: "server",
			}}
		},
	}, false},
	"parallel": {10000, sioKey, "Parallel port", func() types.BaseVirtualDevice { return new(types.VirtualParallelPort) }, backings{
		"image": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualParallelPortFileBackingInfo{VirtualDeviceFileBackingInfo: fileBacking(s)}
		},
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualParallelPortDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: hostDevice(s)}
		},
	}, false},
	"sound": {5000, pciKey, "Sound card", func() types.BaseVirtualDevice { return new(types.VirtualHdAudioCard) }, backings{
		"host": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualSoundCardDeviceBackingInfo{
				VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{UseAutoDetect: yes()},
			}
		},
	}, false},
	"tpm": {11500, pciKey, "Virtual TPM", func() types.BaseVirtualDevice { return new(types.VirtualTPM) }, nil, true},
	"precision-clock": {19000, pciKey, "Precision clock", func() types.BaseVirtualDevice { return new(types.VirtualPrecisionClock) }, backings{
		"system": func(s deviceSpec) types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualPrecisionClockSystemClockBackingInfo{Protocol: s.path}
		},
	}, true},
}

func label(label, summary string) *types.Description {
	return &types.Description{Label: label, Summary: summary}
}

// attach gives the machine its controllers, disks, network cards and the rest.
func (m *machine) attach(e *estate) {
	pci := new(types.VirtualPCIController)
	pci.Key, pci.DeviceInfo = pciKey, label("PCI controller 0", "PCI controller 0")
	devices := []types.BaseVirtualDevice{
		controller(new(types.VirtualIDEController), ideKey, "IDE 0"), controller(new(types.VirtualIDEController), ideKey+1, "IDE 1"),
		controller(new(types.VirtualPS2Controller), ps2Key, "PS2 controller 0"), pci,
		controller(new(types.VirtualSIOController), sioKey, "SIO controller 0"),
	}
	keyboard, pointer := new(types.VirtualKeyboard), new(types.VirtualPointingDevice)
	keyboard.Key, keyboard.ControllerKey, keyboard.UnitNumber = 600, ps2Key, types.NewInt32(0)
	keyboard.DeviceInfo = label("Keyboard", "Keyboard")
	pointer.Key, pointer.ControllerKey, pointer.UnitNumber = 700, ps2Key, types.NewInt32(1)
	pointer.DeviceInfo = label("Pointing device", "Pointing device; Device")
	pointer.Backing = &types.VirtualPointingDeviceDeviceBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{UseAutoDetect: no()}, HostPointingDevice: "autodetect",
	}
	video := new(types.VirtualMachineVideoCard)
	video.Key, video.DeviceInfo, video.ControllerKey = 500, label("Video card ", "Video card"), pciKey
	video.VideoRamSizeInKB, video.NumDisplays, video.UseAutoDetect = 8192, 1, no()
	vmci := new(types.VirtualMachineVMCIDevice)
	vmci.Key, vmci.DeviceInfo, vmci.ControllerKey = 12000, label("VMCI device", "Device on the virtual machine PCI bus"), pciKey
	vmci.UnitNumber, vmci.AllowUnrestrictedCommunication = types.NewInt32(17), no()
	devices = append(devices, keyboard, pointer, video, vmci)

	last := 0
	for _, spec := range m.spec.disks {
		last = max(last, spec.controller)
	}
	for number := range last + 1 {
		scsi := m.spec.controller(number).build(number)
		for i, spec := range m.spec.disks {
			if spec.controller == number {
				scsi.GetVirtualSCSIController().Device = append(scsi.GetVirtualSCSIController().Device, int32(firstDisk+i))
			}
		}
		pci.Device = append(pci.Device, int32(scsiKey+number))
		devices = append(devices, scsi.(types.BaseVirtualDevice))
	}
	for i, spec := range m.spec.disks {
		m.tellDisk(e, i, spec)
		devices = append(devices, m.disk(e, i, spec, m.running))
		include(&m.Datastore, spec.datastore.Self)
		includeLast(&spec.datastore.Vm, m.Self)
	}
	devices = append(devices, m.otherDevices()...)
	for i, spec := range m.spec.cards {
		card := m.card(e, i, spec)
		pci.Device = append(pci.Device, card.GetVirtualDevice().Key)
		devices = append(devices, card)
		include(&m.Network, spec.network.ref())
		includeLast(&spec.network.entity.Vm, m.Self)
	}
	m.Config.Hardware.Device = devices
}

func controller(device types.BaseVirtualController, key int32, name string) types.BaseVirtualDevice {
	c := device.GetVirtualController()
	c.Key, c.DeviceInfo = key, label(name, name)
	return device.(types.BaseVirtualDevice)
}

// otherDevices builds what the scene asks for. A machine has an empty drive for
// the client's disc unless it has another.
func (m *machine) otherDevices() []types.BaseVirtualDevice {
	specs := m.spec.devices
	if !hasKind(specs, "cdrom") {
		specs = append([]deviceSpec{{kind: "cdrom", backing: "client"}}, specs...)
	}
	counts := map[string]int{}
	var devices []types.BaseVirtualDevice
	if hasKind(specs, "usb") {
		usb := new(types.VirtualUSBXHCIController)
		usb.Key, usb.ControllerKey, usb.AutoConnectDevices = 7000, pciKey, no()
		usb.DeviceInfo = label("USB xHCI controller ", "USB xHCI controller")
		devices = append(devices, usb)
	}
	for _, spec := range specs {
		devices = append(devices, m.otherDevice(spec, counts[spec.kind]))
		counts[spec.kind]++
	}
	return devices
}

func (m *machine) otherDevice(spec deviceSpec, number int) types.BaseVirtualDevice {
	p := deviceKinds[spec.kind]
	device := p.device()
	d := device.GetVirtualDevice()
	d.Key, d.ControllerKey, d.UnitNumber = p.key+int32(number), p.controller, types.NewInt32(int32(number))
	name := p.label
	switch spec.kind {
	case "tpm", "precision-clock":
	case "sound":
		name += " "
	default:
		name = fmt.Sprintf("%s %d", p.label, number+1)
	}
	t := deviceTruth{
		Key: d.Key, Label: name, Kind: spec.kind, Type: reflect.TypeOf(device).Elem().Name(), Backing: "none", Path: orDefault(spec.name, spec.path),
	}
	if p.backing != nil {
		d.Backing = p.backing[spec.backing](spec)
		t.BackingType = reflect.TypeOf(d.Backing).Elem().Name()
		t.Backing = t.BackingType
		switch spec.backing {
		case "image", "host", "remote-host", "client", "network":
			t.Backing = spec.backing
		case "system": // its path is a protocol
			t.Backing, t.Path = "host", ""
		}
	}
	if spec.kind == "vgpu" {
		t.Migratable = types.NewBool(!spec.fixed)
	}
	if spec.datastore != nil {
		t.DatastoreMoref = spec.datastore.Self.Value
	}
	d.DeviceInfo = label(name, orDefault(spec.path, "Remote device"))
	if !p.always {
		connected := spec.connected && m.spec.power == on
		t.Connected, t.StartsConnected = &connected, &spec.connected
		d.Connectable = &types.VirtualDeviceConnectInfo{
			AllowGuestControl: true, StartConnected: spec.connected, Connected: connected, Status: "untried", MigrateConnect: "unset",
		}
		if usb, ok := device.(*types.VirtualUSB); ok {
			usb.Connected = connected
		}
	}
	m.devices = append(m.devices, t)
	return device
}

func hasKind(specs []deviceSpec, kind string) bool {
	for _, spec := range specs {
		if spec.kind == kind {
			return true
		}
	}
	return false
}
