package main

import "github.com/vmware/govmomi/vim25/types"

// describe is the part of the truth that comes straight from the scene; disks,
// cards and snapshots add themselves as they are made.
func (m *machine) describe() *machineTruth {
	s := m.spec
	t := &machineTruth{
		Moref: m.Self.Value, Name: s.name, HostMoref: &s.host.Self.Value, ClusterMoref: s.host.cluster.Self.Value,
		Folder: s.folder, PowerState: string(s.power), ConnectionState: "connected",
		CPUs: number(s.cpus), Template: s.template, Annotation: s.annotation,
		GuestID: &s.guest.id, GuestFullName: &s.guest.fullName, IPAddresses: []string{},
		Disks: []diskTruth{}, NICs: []nicTruth{}, Snapshots: []snapshotTruth{},
	}
	memory := int64(s.memoryMB) << 20
	created := instant(s.created)
	firmware := m.firmware()
	t.MemoryBytes, t.Created, t.Firmware = &memory, &created, &firmware
	if s.power == on {
		boot := instant(s.boot)
		t.BootTime = &boot
	}
	return t
}

// tell adds what was worked out along the way.
func (m *machine) tell() {
	t := m.truth
	t.UUID, t.InstanceUUID, t.HardwareVersion = &m.Config.Uuid, &m.Config.InstanceUuid, &m.Config.Version
	t.ToolsStatus, t.ToolsRunningStatus = string(m.Guest.ToolsStatus), m.Guest.ToolsRunningStatus
	t.ToolsVersion = m.Guest.ToolsVersion
	if m.Guest.HostName != "" {
		t.GuestHostname = &m.Guest.HostName
	}
	for _, nic := range m.Guest.Net {
		t.IPAddresses = append(t.IPAddresses, nic.IpAddress...)
	}
}

// lose forgets the configuration, as when the files cannot be reached.
func (m *machine) lose(state types.VirtualMachineConnectionState) {
	m.disconnect(state)
	m.Config, m.Guest, m.LayoutEx, m.Storage, m.Snapshot, m.RootSnapshot = nil, nil, nil, nil, nil, nil
	m.Summary.Guest, m.Summary.Storage = nil, nil
	m.Summary.Config = types.VirtualMachineConfigSummary{Name: m.Name, VmPathName: m.Summary.Config.VmPathName}

	t := m.truth
	t.CPUs, t.MemoryBytes, t.UUID, t.InstanceUUID = nil, nil, nil, nil
	t.GuestID, t.GuestFullName, t.GuestHostname, t.HardwareVersion = nil, nil, nil, nil
	t.Firmware, t.Created, t.BootTime, t.Annotation = nil, nil, nil, ""
	t.ToolsStatus, t.ToolsRunningStatus, t.ToolsVersion, t.IPAddresses = "", "", "", []string{}
	t.Disks, t.NICs, t.Snapshots = []diskTruth{}, []nicTruth{}, []snapshotTruth{}
}

func (m *machine) disconnect(state types.VirtualMachineConnectionState) {
	m.Runtime.ConnectionState = state
	m.Summary.Runtime.ConnectionState = state
	m.truth.ConnectionState = string(state)
}

// unhost leaves the machine in its cluster's pool, on no host.
func (m *machine) unhost() {
	h := m.spec.host
	m.Runtime.Host, m.Summary.Runtime.Host, m.truth.HostMoref = nil, nil, nil
	for i, ref := range h.Vm {
		if ref == m.Self {
			h.Vm = append(h.Vm[:i:i], h.Vm[i+1:]...)
			break
		}
	}
}
