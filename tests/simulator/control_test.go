package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// watched is a filter on all machines, on a collector of its own, and the version
// after the first, whole answer.
func watched(
	t *testing.T, c *govmomi.Client, paths ...string,
) (wait func(version string) (*types.UpdateSet, error), version string, machines int) {
	t.Helper()
	v := container(t, c, "VirtualMachine")
	made, err := methods.CreatePropertyCollector(t.Context(), c.Client, &types.CreatePropertyCollector{This: c.ServiceContent.PropertyCollector})
	if err != nil {
		t.Fatal(err)
	}
	_, err = methods.CreateFilter(t.Context(), c.Client, &types.CreateFilter{
		This: made.Returnval,
		Spec: types.PropertyFilterSpec{
			ObjectSet: []types.ObjectSpec{{
				Obj: v.Reference(), Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{v.TraversalSpec()},
			}},
			PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: paths}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	wait = func(version string) (*types.UpdateSet, error) {
		res, err := methods.WaitForUpdatesEx(t.Context(), c.Client, &types.WaitForUpdatesEx{
			This: made.Returnval, Version: version, Options: &types.WaitOptions{MaxWaitSeconds: types.NewInt32(5)},
		})
		if err != nil {
			return nil, err
		}
		return res.Returnval, nil
	}
	for {
		set, err := wait(version)
		if err != nil {
			t.Fatal(err)
		}
		version = set.Version
		machines += len(set.FilterSet[0].ObjectSet)
		if set.Truncated == nil || !*set.Truncated {
			return wait, version, machines
		}
	}
}

func obey(t *testing.T, v *vcenter, line string) (r report) {
	t.Helper()
	var out bytes.Buffer
	v.control.obey(strings.NewReader(line+"\n"), &out)
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTouchedMachinesAreTold(t *testing.T) {
	v, _ := serve(t, options{scene: "plain", vms: 250})
	wait, version, machines := watched(t, mustLogin(t, v), "name", "runtime.powerState", "config.hardware.memoryMB", "guest")
	same(t, "machines at first", machines, 250)

	touched := obey(t, v, "touch 9").Touched
	same(t, "touched", len(touched), 9)
	set, err := wait(version)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]types.ObjectUpdate{}
	for _, object := range set.FilterSet[0].ObjectSet {
		told[object.Obj.Value] = object
	}
	same(t, "told", len(told), 9)
	for _, m := range touched {
		same(t, m.Name, told[m.Moref].Kind, types.ObjectUpdateKindModify)
		same(t, m.Name+" changes", len(told[m.Moref].ChangeSet), 1)
		change := told[m.Moref].ChangeSet[0]
		switch value := change.Val.(type) {
		case types.GuestInfo:
			same(t, m.Name, value.IpAddress, m.Changed["guest.ipAddress"])
			same(t, m.Name, value.Net[0].IpAddress[0], m.Changed["guest.ipAddress"])
		case int32:
			same(t, m.Name, float64(value), m.Changed[change.Name])
		case types.VirtualMachinePowerState:
			same(t, m.Name, string(value), m.Changed[change.Name])
		default:
			t.Errorf("%s: %s became %v", m.Name, change.Name, value)
		}
	}

	again, err := wait(version)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the answer to the version before", len(again.FilterSet[0].ObjectSet), 9)
	if _, err := wait("never given"); !fault.Is(err, &types.InvalidCollectorVersion{}) {
		t.Errorf("a version that was never given: %v", err)
	}
}

func TestMachinesComeAndGo(t *testing.T) {
	v, _ := serve(t, options{scene: "plain"})
	c := mustLogin(t, v)
	wait, version, _ := watched(t, c, "name", "resourcePool")
	kinds := func() map[string]types.ObjectUpdateKind {
		set, err := wait(version)
		if err != nil {
			t.Fatal(err)
		}
		version = set.Version
		found := map[string]types.ObjectUpdateKind{}
		for _, object := range set.FilterSet[0].ObjectSet {
			found[object.Obj.Value] = object.Kind
		}
		return found
	}

	want := map[string]types.ObjectUpdateKind{}
	for _, m := range obey(t, v, "add 3").Added {
		want[m.Moref] = types.ObjectUpdateKindEnter
	}
	same(t, "added", kinds(), want)
	want = map[string]types.ObjectUpdateKind{}
	for _, ref := range obey(t, v, "remove 2").Removed {
		want[ref] = types.ObjectUpdateKindLeave
	}
	same(t, "removed", kinds(), want)
	same(t, "machines", len(read(t, c, "VirtualMachine", machineRef, "name")), 101)
	for _, line := range []string{"touch", "touch x", "remove 0", "grow 3"} {
		if obey(t, v, line).Error == "" {
			t.Errorf("%q is no error", line)
		}
	}
}

func TestUnknownPathsAreRefused(t *testing.T) {
	v, _ := serve(t, options{scene: "demo"})
	c := mustLogin(t, v)
	_, err := methods.RetrieveProperties(t.Context(), c.Client, &types.RetrieveProperties{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: c.ServiceContent.RootFolder}},
			PropSet:   []types.PropertySpec{{Type: "Folder", PathSet: []string{"name", "config.uuid"}}},
		}},
	})
	if !fault.Is(err, &types.InvalidProperty{}) {
		t.Errorf("a path that does not exist gives %v", err)
	}
}
