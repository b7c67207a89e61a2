package main

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// allocationSpec is in MHz or MB. Shares of 0 are the usual ones of the level.
type allocationSpec struct {
	reservation, limit int64 // a limit of 0 is none
	shares             int32
	level              types.SharesLevel // normal unless told otherwise
	expandable         bool
}

// weight is the shares that a level gives for what normally has so many.
func (a allocationSpec) weight(normal int32) int32 {
	switch {
	case a.shares > 0:
		return a.shares
	case a.level == types.SharesLevelHigh:
		return normal * 2
	case a.level == types.SharesLevelLow:
		return normal / 2
	}
	return normal
}

func (a allocationSpec) info(normal int32) *types.ResourceAllocationInfo {
	limit := int64(unlimitedLimit)
	if a.limit > 0 {
		limit = a.limit
	}
	return &types.ResourceAllocationInfo{
		Reservation: &a.reservation, ExpandableReservation: types.NewBool(a.expandable), Limit: &limit,
		Shares: &types.SharesInfo{Shares: a.weight(normal), Level: orDefault(a.level, types.SharesLevelNormal)},
	}
}

func (a allocationSpec) truth(normal int32, unit int64) allocationTruth {
	t := allocationTruth{
		Reservation: a.reservation * unit, Shares: a.weight(normal),
		Level: string(orDefault(a.level, types.SharesLevelNormal)), Expandable: a.expandable,
	}
	if a.limit > 0 {
		limit := a.limit * unit
		t.Limit = &limit
	}
	return t
}

func (s machineSpec) controller(number int) controllerSpec {
	if number < len(s.controllers) {
		return s.controllers[number]
	}
	return controllerSpec{}
}

func (s machineSpec) cores() int32 { return max(s.coresPerSocket, 1) }

func (s machineSpec) overall() types.ManagedEntityStatus {
	return orDefault(s.status, types.ManagedEntityStatusGreen)
}

// extraConfig is what every machine has, and what the scene adds.
func (s machineSpec) extraConfig() []settingTruth {
	usual := []settingTruth{
		{"disk.EnableUUID", "TRUE"}, {"nvram", s.name + ".nvram"}, {"svga.present", "TRUE"}, {"hpet0.present", "TRUE"},
		{"pciBridge0.present", "TRUE"}, {"pciBridge4.present", "TRUE"}, {"pciBridge4.virtualDev", "pcieRootPort"},
		{"pciBridge4.functions", "8"}, {"tools.guest.desktop.autolock", "TRUE"}, {"sched.cpu.latencySensitivity", "normal"},
		{"numa.autosize.vcpu.maxPerVirtualNode", fmt.Sprint(s.cpus)}, {"viv.moid", "e25f9b7c-5b3c-4c07-8d8c-52e8e5f2b9a4:vm"},
		{"vmware.tools.internalversion", fmt.Sprint(s.guest.toolsNumber())}, {"migrate.hostLog", s.name + ".hlog"},
		{"sched.swap.derivedName", "/vmfs/volumes/" + s.name + ".vswp"}, {"scsi0.pciSlotNumber", "160"},
		{"ethernet0.pciSlotNumber", "192"}, {"vmotion.checkpointFBSize", "4194304"}, {"vmotion.svga.mobMaxSize", "8388608"},
	}
	return append(usual, s.settings...)
}

// stores are the machine's datastores, each once.
func (s machineSpec) stores() []*datastore {
	var out []*datastore
	for _, disk := range s.disks {
		if !slices.Contains(out, disk.datastore) {
			out = append(out, disk.datastore)
		}
	}
	return out
}
