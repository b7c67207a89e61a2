package main

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// migrationCapabilities are the capability flags that decide about migrations.
var migrationCapabilities = []string{
	"vmotionSupported", "storageVMotionSupported", "vmotionWithStorageVMotionSupported", "vmotionAcrossNetworkSupported",
	"unsharedSwapVMotionSupported", "suspendedRelocateSupported", "encryptedVMotionSupported",
	"provisioningNicSelectionSupported", "remoteDeviceVMotionSupported", "suspendToMemorySupported",
}

func (s hostSpec) can(capability string) bool { return !slices.Contains(s.incapable, capability) }

func (s hostSpec) capability() *types.HostCapability {
	flag := func(name string) *bool { return types.NewBool(s.can(name)) }
	return &types.HostCapability{
		VmotionSupported:                   s.can("vmotionSupported"),
		StorageVMotionSupported:            s.can("storageVMotionSupported"),
		VmotionWithStorageVMotionSupported: s.can("vmotionWithStorageVMotionSupported"),
		VmotionAcrossNetworkSupported:      flag("vmotionAcrossNetworkSupported"),
		UnsharedSwapVMotionSupported:       s.can("unsharedSwapVMotionSupported"),
		SuspendedRelocateSupported:         s.can("suspendedRelocateSupported"),
		EncryptedVMotionSupported:          flag("encryptedVMotionSupported"),
		ProvisioningNicSelectionSupported:  s.can("provisioningNicSelectionSupported"),
		RemoteDeviceVMotionSupported:       flag("remoteDeviceVMotionSupported"),
		SuspendToMemorySupported:           flag("suspendToMemorySupported"),

		MaxNumDisksSVMotion:                   256,
		MaxHostRunningVms:                     1024,
		MaxRegisteredVMs:                      4096,
		MaxSupportedVmMemory:                  25149440,
		RebootSupported:                       true,
		ShutdownSupported:                     true,
		NfsSupported:                          true,
		SanSupported:                          true,
		IscsiSupported:                        true,
		VlanTaggingSupported:                  true,
		NicTeamingSupported:                   true,
		MaintenanceModeSupported:              true,
		CloneFromSnapshotSupported:            true,
		NestedHVSupported:                     true,
		MultipleNetworkStackInstanceSupported: yes(),
		SupportedVmfsMajorVersion:             []int32{5, 6},
	}
}

// biosReleased is when the BIOS of every host came out.
var biosReleased = epoch.AddDate(-1, 0, 0)

// identifiers are the tags a maker burns into the board.
func (s hostSpec) identifiers() []types.HostSystemIdentificationInfo {
	tag := func(key, label, value string) types.HostSystemIdentificationInfo {
		return types.HostSystemIdentificationInfo{IdentifierValue: value, IdentifierType: &types.ElementDescription{
			Description: types.Description{Label: label, Summary: label + " of the system"}, Key: key,
		}}
	}
	return []types.HostSystemIdentificationInfo{
		tag("AssetTag", "Asset Tag", "unknown"),
		tag("ServiceTag", "Service tag", s.serial),
	}
}

func (s hostSpec) hardware(t *hostTruth) *types.HostHardwareInfo {
	hz := int64(s.mhz) * 1_000_000
	info := &types.HostHardwareInfo{
		SystemInfo: types.HostSystemInfo{
			Vendor: s.vendor, Model: s.model, Uuid: t.UUID, SerialNumber: s.serial, OtherIdentifyingInfo: s.identifiers(),
		},
		CpuPowerManagementInfo: &types.HostCpuPowerManagementInfo{CurrentPolicy: orDefault(s.powerPolicy, "Balanced"), HardwareSupport: "ACPI C-states"},
		CpuInfo: types.HostCpuInfo{
			NumCpuPackages: s.sockets, NumCpuCores: s.cores, NumCpuThreads: int16(t.Threads), Hz: hz,
		},
		MemorySize: t.MemoryBytes,
		BiosInfo: &types.HostBIOSInfo{
			BiosVersion: s.biosVersion, ReleaseDate: &biosReleased, Vendor: s.vendor, FirmwareType: "UEFI",
		},
	}
	threads := int16(t.Threads) / s.sockets
	for socket := range s.sockets {
		pkg := types.HostCpuPackage{Index: socket, Vendor: "intel", Hz: hz, BusHz: 100_000_000, Description: s.cpuModel}
		for thread := range threads {
			pkg.ThreadId = append(pkg.ThreadId, socket*threads+thread)
		}
		info.CpuPkg = append(info.CpuPkg, pkg)
	}
	return info
}

func (s hostSpec) summary(t *hostTruth) *types.HostHardwareSummary {
	return &types.HostHardwareSummary{
		Vendor: s.vendor, Model: s.model, Uuid: t.UUID, OtherIdentifyingInfo: s.identifiers(),
		MemorySize: t.MemoryBytes, CpuModel: s.cpuModel, CpuMhz: s.mhz,
		NumCpuPkgs: s.sockets, NumCpuCores: s.cores, NumCpuThreads: int16(t.Threads),
		NumNics: int32(len(s.network.nics)), NumHBAs: int32(len(s.hbas())),
	}
}
