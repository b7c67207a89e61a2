package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

type toolsState int

const (
	toolsCurrent toolsState = iota
	toolsOld
	toolsStopped
	toolsAbsent
)

// guestSpec is the operating system inside, and how much of it the Tools show.
type guestSpec struct {
	id, fullName, family string
	hostName             string
	tools                toolsState
}

const (
	currentTools = 12389
	oldTools     = 10346
)

func (g guestSpec) running(power types.VirtualMachinePowerState) bool {
	return power == on && (g.tools == toolsCurrent || g.tools == toolsOld)
}

func (g guestSpec) toolsNumber() int32 {
	switch g.tools {
	case toolsAbsent:
		return 0
	case toolsOld:
		return oldTools
	default:
		return currentTools
	}
}

// info is what vCenter learns from the Tools. Without running Tools it knows no
// names and no addresses.
func (g guestSpec) info(m *machine) *types.GuestInfo {
	info := &types.GuestInfo{
		ToolsVersion: fmt.Sprint(g.toolsNumber()), GuestState: "notRunning", GuestOperationsReady: no(),
		InteractiveGuestOperationsReady: no(), GuestStateChangeSupported: no(), AppHeartbeatStatus: "appStatusGray",
		ToolsRunningStatus: "guestToolsNotRunning", HwVersion: m.Config.Version,
	}
	switch g.tools {
	case toolsAbsent:
		info.ToolsStatus, info.ToolsVersionStatus2 = "toolsNotInstalled", "guestToolsNotInstalled"
		info.ToolsInstallType = "guestToolsTypeUnknown"
	case toolsOld:
		info.ToolsStatus, info.ToolsVersionStatus2 = "toolsOld", "guestToolsSupportedOld"
	default:
		info.ToolsStatus, info.ToolsVersionStatus2 = "toolsOk", "guestToolsCurrent"
	}
	info.ToolsVersionStatus = info.ToolsVersionStatus2
	if !g.running(m.spec.power) {
		if g.tools != toolsAbsent {
			info.ToolsStatus = "toolsNotRunning"
		}
		return info
	}

	info.ToolsRunningStatus, info.GuestState = "guestToolsRunning", "running"
	info.GuestOperationsReady, info.GuestStateChangeSupported = yes(), yes()
	info.GuestId, info.GuestFullName, info.GuestFamily, info.HostName = g.id, g.fullName, g.family, g.hostName
	host, domain, _ := strings.Cut(g.hostName, ".")
	info.IpStack = []types.GuestStackInfo{{DnsConfig: &types.NetDnsConfigInfo{
		HostName: host, DomainName: domain, IpAddress: []string{"192.0.2.53"},
	}}}
	for i, card := range m.spec.cards {
		nic := types.GuestNicInfo{
			Network: card.network.truth.Name, MacAddress: m.truth.NICs[i].MAC, Connected: m.truth.NICs[i].Connected,
			DeviceConfigId: int32(firstCard + i), IpAddress: card.ips, IpConfig: new(types.NetIpConfigInfo),
		}
		for _, ip := range card.ips {
			prefix := int32(24)
			if strings.Contains(ip, ":") {
				prefix = 64
			}
			nic.IpConfig.IpAddress = append(nic.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
				IpAddress: ip, PrefixLength: prefix, State: "preferred",
			})
			if info.IpAddress == "" && prefix == 24 {
				info.IpAddress = ip
			}
		}
		info.Net = append(info.Net, nic)
	}
	for _, partition := range m.spec.partitions() {
		disk := types.GuestDiskInfo{
			DiskPath: partition.Path, Capacity: partition.CapacityBytes, FreeSpace: partition.FreeBytes, FilesystemType: partition.Filesystem,
		}
		for _, key := range partition.DiskKeys {
			disk.Mappings = append(disk.Mappings, types.GuestInfoVirtualDiskMapping{Key: key})
		}
		info.Disk = append(info.Disk, disk)
	}
	return info
}

// partitions are the file systems that running Tools report, one for each disk,
// and the small one that Linux starts from.
func (s machineSpec) partitions() []partitionTruth {
	out := []partitionTruth{}
	if !s.guest.running(s.power) {
		return out
	}
	for i, disk := range s.disks {
		p := partitionTruth{
			CapacityBytes: disk.gb<<30 - 512<<20, FreeBytes: disk.gb << 30 / int64(3+i), DiskKeys: []int32{int32(firstDisk + i)},
		}
		if s.guest.family == windows {
			p.Path, p.Filesystem = string(rune('C'+i))+`:\`, "NTFS"
		} else {
			p.Path, p.Filesystem = s.guest.rootPath(), "ext4"
			if i > 0 {
				p.Path, p.Filesystem = fmt.Sprintf("/srv/data%d", i), "xfs"
			}
		}
		out = append(out, p)
	}
	if s.guest.family == linux {
		out = append(out, partitionTruth{
			Path: "/boot", CapacityBytes: 512 << 20, FreeBytes: 300 << 20, Filesystem: "ext4", DiskKeys: []int32{firstDisk},
		})
	}
	return out
}

func (g guestSpec) rootPath() string {
	if g.family == windows {
		return `C:\`
	}
	return "/"
}

const (
	windows = "windowsGuest"
	linux   = "linuxGuest"
)

func windowsServer(year int, id string) guestSpec {
	return guestSpec{id: id, fullName: fmt.Sprintf("Microsoft Windows Server %d (64-bit)", year), family: windows}
}

func linuxGuest(id, name string) guestSpec {
	return guestSpec{id: id, fullName: name + " (64-bit)", family: linux}
}

// at is the same system, with a name and its Tools in the given state.
func (g guestSpec) at(hostName string, tools toolsState) guestSpec {
	g.hostName, g.tools = hostName, tools
	return g
}
