package main

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestTheCheckerFindsWhatTheSceneHas(t *testing.T) {
	v, want := serve(t, options{scene: "networks"})
	c := mustLogin(t, v)
	machines := map[string]types.ManagedObjectReference{}
	for _, m := range want.VMs {
		machines[m.Name] = types.ManagedObjectReference{Type: "VirtualMachine", Value: m.Moref}
	}
	pools := map[string]*types.ManagedObjectReference{}
	for ref, cluster := range read(t, c, "ClusterComputeResource", clusterRef, "resourcePool") {
		pools[ref] = cluster.ResourcePool
	}
	hosts := map[string]types.ManagedObjectReference{}
	parents := map[string]*types.ManagedObjectReference{}
	for _, h := range read(t, c, "HostSystem", hostRef, "name", "parent") {
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "esx-"), ".example.test")
		hosts[name], parents[name] = h.Self, pools[h.Parent.Value]
	}
	for _, one := range []struct {
		machine, host string
		want          []string
	}{
		{"own-adapters-poweredOn-all", noProvisioning, nil},
		{"own-adapters-poweredOn-all", dedicatedStack, nil},
		{"own-adapters-poweredOn-all", managementOnly, []string{"VMotionNotConfigured"}},
		{"own-adapters-poweredOn-all", linkDown, []string{"VMotionLinkDown"}},
		{"own-adapters-poweredOff-all", managementOnly, nil},
		{"own-adapters-poweredOn-local", noProvisioning, []string{"CannotAccessVmDisk"}},
	} {
		host := hosts[one.host]
		res, err := methods.CheckMigrate_Task(t.Context(), c.Client, &types.CheckMigrate_Task{
			This: *c.ServiceContent.VmProvisioningChecker, Vm: machines[one.machine], Host: &host, Pool: parents[one.host],
		})
		if err != nil {
			t.Fatal(err)
		}
		info, err := object.NewTask(c.Client, res.Returnval).WaitForResultEx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range info.Result.(types.ArrayOfCheckResult).CheckResult[0].Error {
			found = append(found, typeName(e.Fault))
		}
		same(t, one.machine+" to "+one.host, found, one.want)
	}
	host := hosts[linkDown] // in another cluster, whose pool is not named
	res, err := methods.CheckMigrate_Task(t.Context(), c.Client, &types.CheckMigrate_Task{
		This: *c.ServiceContent.VmProvisioningChecker, Vm: machines["own-adapters-poweredOn-all"], Host: &host,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := object.NewTask(c.Client, res.Returnval).WaitForResultEx(t.Context(), nil); err == nil {
		t.Error("a host of another cluster is accepted without a pool")
	}
}

func typeName(fault types.BaseMethodFault) string {
	switch fault.(type) {
	case *types.VMotionNotConfigured:
		return "VMotionNotConfigured"
	case *types.VMotionLinkDown:
		return "VMotionLinkDown"
	case *types.CannotAccessVmDisk:
		return "CannotAccessVmDisk"
	}
	return "another"
}

func TestTrafficIsCountedWhereItWasCarried(t *testing.T) {
	v, want := serve(t, options{scene: "networks"})
	c := mustLogin(t, v)
	from, to := want.Hosts[0].Moref, want.Hosts[1].Moref
	if r := obey(t, v, "carry 60 "+from+"/vmk1 "+to+"/vmk1"); r.Error != "" {
		t.Fatal(r.Error)
	}
	if r := obey(t, v, "carry soon"); r.Error == "" {
		t.Error("a command without its words is accepted")
	}
	var manager mo.PerformanceManager
	if err := c.RetrieveOne(t.Context(), *c.ServiceContent.PerfManager, []string{"perfCounter"}, &manager); err != nil {
		t.Fatal(err)
	}
	var key int32
	for _, counter := range manager.PerfCounter {
		if counter.GroupInfo.GetElementDescription().Key == "net" && counter.NameInfo.GetElementDescription().Key == sent {
			key = counter.Key
		}
	}
	start := time.Now().Add(-5 * time.Minute)
	res, err := methods.QueryPerf(t.Context(), c.Client, &types.QueryPerf{
		This: *c.ServiceContent.PerfManager,
		QuerySpec: []types.PerfQuerySpec{{
			Entity: types.ManagedObjectReference{Type: "HostSystem", Value: from}, StartTime: &start, IntervalId: 20, Format: "csv",
			MetricId: []types.PerfMetricId{{CounterId: key, Instance: "vmk0"}, {CounterId: key, Instance: "vmk1"}, {CounterId: key, Instance: "vmnic2"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, busy := range []bool{false, true, true} {
		values := res.Returnval[0].(*types.PerfEntityMetricCSV).Value[i].Value
		same(t, "busy", strings.Contains(values, ",4000"), busy)
	}
}
