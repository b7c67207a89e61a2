package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

type cardSpec struct {
	network      *network
	ips          []string
	disconnected bool
	e1000        bool
	sriov        bool
	manual       bool // somebody chose the MAC address
}

// kind makes a card of the type that is asked for.
func (c cardSpec) kind() (types.BaseVirtualDevice, string) {
	switch {
	case c.e1000:
		return new(types.VirtualE1000e), "VirtualE1000e"
	case c.sriov:
		return &types.VirtualSriovEthernetCard{
			AllowGuestOSMtuChange: no(),
			SriovBacking: &types.VirtualSriovEthernetCardSriovBackingInfo{
				PhysicalFunctionBacking: &types.VirtualPCIPassthroughDeviceBackingInfo{
					Id: "0000:5e:00.0", DeviceId: "0", SystemId: "BYPASS",
				},
			},
		}, "VirtualSriovEthernetCard"
	default:
		return new(types.VirtualVmxnet3), "VirtualVmxnet3"
	}
}

func (m *machine) card(e *estate, index int, spec cardSpec) types.BaseVirtualDevice {
	device, kind := spec.kind()
	connected := m.spec.power == on && !spec.disconnected
	name := fmt.Sprintf("Network adapter %d", index+1)

	card := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	card.Key = int32(firstCard + index)
	card.ControllerKey, card.UnitNumber = pciKey, types.NewInt32(int32(7+index))
	card.AddressType, card.MacAddress, card.WakeOnLanEnabled = "assigned", mac(hostMAC, 0x800000+e.nextMAC()), yes()
	if spec.manual {
		card.AddressType = "manual"
	}
	card.ResourceAllocation = &types.VirtualEthernetCardResourceAllocation{
		Reservation: types.NewInt64(0), Limit: types.NewInt64(unlimitedLimit), Share: types.SharesInfo{Shares: 50, Level: "normal"},
	}
	card.UptCompatibilityEnabled = types.NewBool(kind == "VirtualVmxnet3")
	card.Connectable = &types.VirtualDeviceConnectInfo{
		StartConnected: !spec.disconnected, AllowGuestControl: true, Connected: connected, Status: "ok", MigrateConnect: "unset",
	}
	truth := nicTruth{
		Label: name, MAC: card.MacAddress, NetworkMoref: spec.network.ref().Value, Connected: connected, Type: kind,
		IPAddresses: []string{}, StartsConnected: !spec.disconnected, MACType: card.AddressType, Passthrough: spec.sriov,
	}
	n := spec.network
	if n.group != nil {
		card.DeviceInfo = label(name, "DVSwitch: "+n.dvs.Uuid)
		card.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{
				SwitchUuid: n.dvs.Uuid, PortgroupKey: n.group.Key, PortKey: n.dvs.port(n), ConnectionCookie: int32(e.macs),
			},
		}
		truth.SwitchUUID = n.dvs.Uuid
	} else {
		ref := n.ref()
		card.DeviceInfo = label(name, n.truth.Name)
		card.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: n.truth.Name, UseAutoDetect: no()},
			Network:                        &ref,
			InPassthroughMode:              types.NewBool(spec.sriov),
		}
	}
	if m.spec.guest.running(m.spec.power) {
		truth.IPAddresses = append(truth.IPAddresses, spec.ips...)
	}
	m.truth.NICs = append(m.truth.NICs, truth)
	return device
}
