package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// provisioningChecker answers whether a machine could move. The stock one finds
// nothing ever, and knows no CheckMigrate. This one knows the faults that the
// scenes have: vMotion that is not set up or has no link, networks and datastores
// that the other host lacks.
type provisioningChecker struct {
	*simulator.VmProvisioningChecker
}

func (c *provisioningChecker) CheckMigrateTask(ctx *simulator.Context, r *types.CheckMigrate_Task) soap.HasFault {
	task := c.check(ctx, r.Vm, types.VirtualMachineRelocateSpec{Host: r.Host, Pool: r.Pool})
	return &methods.CheckMigrate_TaskBody{Res: &types.CheckMigrate_TaskResponse{Returnval: task}}
}

func (c *provisioningChecker) CheckRelocateTask(ctx *simulator.Context, r *types.CheckRelocate_Task) soap.HasFault {
	task := c.check(ctx, r.Vm, r.Spec)
	return &methods.CheckRelocate_TaskBody{Res: &types.CheckRelocate_TaskResponse{Returnval: task}}
}

func (c *provisioningChecker) check(
	ctx *simulator.Context, ref types.ManagedObjectReference, spec types.VirtualMachineRelocateSpec,
) types.ManagedObjectReference {
	world := &hiddenIn(ctx).world
	task := simulator.CreateTask(c, "check", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		world.RLock()
		defer world.RUnlock()
		vm, known := ctx.Map.Get(ref).(*simulator.VirtualMachine)
		if !known {
			return nil, &types.ManagedObjectNotFound{Obj: ref}
		}
		move := proposal{vm: vm, from: ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)}
		move.to = move.from
		if spec.Host != nil {
			move.to = ctx.Map.Get(*spec.Host).(*simulator.HostSystem)
		}
		if *move.to.Parent != *move.from.Parent && spec.Pool == nil {
			return nil, &types.InvalidArgument{InvalidProperty: "pool"}
		}
		if spec.Datastore != nil {
			move.store = spec.Datastore
		}
		result := types.CheckResult{Vm: &ref, Host: &move.to.Self}
		for _, reason := range move.faults(ctx) {
			result.Error = append(result.Error, types.LocalizedMethodFault{
				Fault: reason.fault, LocalizedMessage: reason.message,
			})
		}
		return types.ArrayOfCheckResult{CheckResult: []types.CheckResult{result}}, nil
	})
	return task.Run(ctx)
}

// proposal is a machine, and where it might go.
type proposal struct {
	vm       *simulator.VirtualMachine
	from, to *simulator.HostSystem
	store    *types.ManagedObjectReference
}

type reason struct {
	fault   types.BaseMethodFault
	message string
}

func (p proposal) faults(ctx *simulator.Context) (found []reason) {
	if p.to != p.from && p.vm.Runtime.PowerState == on {
		for _, h := range []*simulator.HostSystem{p.from, p.to} {
			found = append(found, vmotionFaults(h, h == p.from)...)
		}
	}
	for i := range p.vm.Network {
		ref := p.vm.Network[i]
		if simulator.FindReference(p.to.Network, ref) == nil {
			fault := &types.CannotAccessNetwork{Network: &ref}
			fault.Device, fault.Connected = "Network adapter", true
			found = append(found, reason{fault, "The destination host does not have network " + ref.Value + "."})
		}
	}
	for _, ref := range p.stores() {
		if simulator.FindReference(p.to.Datastore, ref) == nil {
			fault := new(types.CannotAccessVmDisk)
			fault.Device = "Hard disk"
			fault.Fault = types.LocalizedMethodFault{
				Fault: &types.InvalidDatastore{Datastore: &ref}, LocalizedMessage: "Invalid datastore.",
			}
			found = append(found, reason{fault, "The destination host cannot access datastore " + ref.Value + "."})
		}
	}
	return found
}

// stores are the datastores that the destination has to see.
func (p proposal) stores() []types.ManagedObjectReference {
	if p.store != nil {
		return []types.ManagedObjectReference{*p.store}
	}
	return p.vm.Datastore
}

// vmotionFaults tells of a host without a way for memory.
func vmotionFaults(h *simulator.HostSystem, atSource bool) []reason {
	issue := types.VMotionInterfaceIssue{AtSourceHost: atSource, FailedHost: h.Name, FailedHostEntity: &h.Self}
	devices := vmotionDevices(h)
	if len(devices) == 0 {
		return []reason{{
			&types.VMotionNotConfigured{VMotionInterfaceIssue: issue}, "vMotion is not set up on host " + h.Name + ".",
		}}
	}
	if !slices.ContainsFunc(devices, func(device string) bool { return hasLink(h, device) }) {
		return []reason{{
			&types.VMotionLinkDown{VMotionInterfaceIssue: issue}, "The vMotion interface of " + h.Name + " has no link.",
		}}
	}
	return nil
}

func vmotionDevices(h *simulator.HostSystem) (devices []string) {
	for _, config := range h.Config.VirtualNicManagerInfo.NetConfig {
		for _, candidate := range config.CandidateVnic {
			if config.NicType == "vmotion" && slices.Contains(config.SelectedVnic, candidate.Key) {
				devices = append(devices, candidate.Device)
			}
		}
	}
	return devices
}

// hasLink is true for an adapter that an active uplink of its port group carries.
func hasLink(h *simulator.HostSystem, device string) bool {
	active := activeNICs(h, device)
	for _, nic := range h.Config.Network.Pnic {
		if slices.Contains(active, nic.Device) && nic.LinkSpeed != nil {
			return true
		}
	}
	return len(active) == 0
}

// activeNICs are the physical adapters below a VMkernel adapter on a standard
// switch; those on distributed ones are not looked up.
func activeNICs(h *simulator.HostSystem, device string) []string {
	network := h.Config.Network
	for _, nic := range network.Vnic {
		for _, group := range network.Portgroup {
			if nic.Device == device && nic.Portgroup != "" && group.Spec.Name == nic.Portgroup {
				if teaming := group.ComputedPolicy.NicTeaming; teaming != nil && teaming.NicOrder != nil {
					return teaming.NicOrder.ActiveNic
				}
			}
		}
	}
	return nil
}
