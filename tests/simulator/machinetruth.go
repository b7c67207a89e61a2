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
	t.OverallStatus, t.DisabledMethods, t.Question = string(m.spec.overall()), list(m.spec.disabled), m.spec.question
	t.Details = m.details()
}

func (m *machine) details() *machineDetails {
	s := m.spec
	d := &machineDetails{
		ConfigPath: m.file(".vmx"), CoresPerSocket: s.cores(), CPUAllocation: s.cpu.truth(s.cpus*1000, 1),
		MemoryAllocation: s.memory.truth(s.memoryMB*10, 1<<20), CPUHotAdd: s.cpuHotAdd, CPUHotRemove: s.cpuHotRemove,
		MemoryHotAdd: s.memoryHotAdd, Latency: orDefault(s.latency, "normal"), NestedHV: s.nested, Counters: s.counters,
		SecureBoot: s.efi, HasTPM: hasKind(s.devices, "tpm"), Devices: m.devices, Partitions: s.partitions(),
		ExtraConfig: s.extraConfig(), EVCMode: s.evcMode(), Features: []featureTruth{},
		MigrateEncrypt: orDefault(s.migrateEncryption, "opportunistic"), CPUAffinity: append([]int32{}, s.cpuAffinity...),
		MemoryAffinity: append([]int32{}, s.memoryAffinity...), FaultTolerance: string(orDefault(s.faultTolerance, "notConfigured")),
		SwapPlacement: orDefault(s.swap, "inherit"), InstallerMounted: s.installerMounted, ToolsUpgrade: orDefault(s.toolsUpgrade, "manual"), Heartbeat: string(m.heartbeat()),
		GuestState: "notRunning", Consolidation: s.consolidation, ChangeTracking: s.changeTracking,
	}
	for _, feature := range s.features() {
		d.Features = append(d.Features, featureTruth{feature.Key, feature.Value})
	}
	if s.managedBy != nil {
		d.ManagedBy = &managedTruth{s.managedBy.ExtensionKey, s.managedBy.Type}
	}
	if s.encryption != "" {
		d.Encryption = &keyTruth{s.encryption, keyProvider}
	}
	if s.guest.running(s.power) {
		d.GuestState = "running"
	}
	for _, usage := range m.Storage.PerDatastoreUsage {
		d.CommittedBytes += usage.Committed
		d.UncommittedBytes += usage.Uncommitted
		d.UnsharedBytes += usage.Unshared
	}
	switch s.power {
	case on:
		d.HAProtected = types.NewBool(!s.unprotected)
		d.CPUUsageMHz, d.UptimeSeconds, d.CPUReadinessPct = 40*s.cpus, int32(epoch.Sub(s.boot).Seconds()), s.cpus%3
		d.ActiveBytes, d.ConsumedBytes = int64(s.memoryMB/8)<<20, int64(s.memoryMB)<<20
		d.BalloonedBytes, d.SwappedBytes = int64(s.ballooned)<<20, int64(s.swapped)<<20
	case suspended:
		moment := instant(suspendedAt)
		d.SuspendedAt = &moment
	}
	return d
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
	t.Disks, t.NICs, t.Snapshots, t.Details = []diskTruth{}, []nicTruth{}, []snapshotTruth{}, nil
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
