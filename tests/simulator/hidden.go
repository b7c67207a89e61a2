package main

import (
	"reflect"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

var hiddenRef = types.ManagedObjectReference{Type: "HiddenProperties", Value: "hidden"}

// hiddenProperties lists, per object, the properties the account may not read.
// It lives in the registry, because the simulator makes a fresh, zero property
// collector for every session and that collector has to find the list again.
// The list is written while the scene is built and only read afterwards.
type hiddenProperties struct {
	// world is held for writing while the estate changes.
	world sync.RWMutex
	paths map[types.ManagedObjectReference][]string
}

func (h *hiddenProperties) Reference() types.ManagedObjectReference { return hiddenRef }

func (h *hiddenProperties) hide(ref types.ManagedObjectReference, path string) {
	h.paths[ref] = append(h.paths[ref], path)
}

// covers is true for a hidden property, for its parts, and for any parent whose
// value would give it away.
func (h *hiddenProperties) covers(ref types.ManagedObjectReference, path string) bool {
	for _, hidden := range h.paths[ref] {
		if path == hidden || strings.HasPrefix(path, hidden+".") || strings.HasPrefix(hidden, path+".") {
			return true
		}
	}
	return false
}

func noPermission(ref types.ManagedObjectReference) *types.NoPermission {
	return &types.NoPermission{Object: &ref, PrivilegeId: "System.Read"}
}

func missing(ref types.ManagedObjectReference, path string) types.MissingProperty {
	return types.MissingProperty{
		Path: path,
		Fault: types.LocalizedMethodFault{
			Fault:            noPermission(ref),
			LocalizedMessage: "Permission to perform this operation was denied.",
		},
	}
}

// filter moves hidden properties to the missing set. It also drops properties
// without a value, which the stock collector leaves in every page but the first.
func (h *hiddenProperties) filter(objects []types.ObjectContent) {
	for i := range objects {
		object := &objects[i]
		kept := object.PropSet[:0]
		for _, property := range object.PropSet {
			switch {
			case h.covers(object.Obj, property.Name):
				object.MissingSet = append(object.MissingSet, missing(object.Obj, property.Name))
			case property.Val != nil:
				kept = append(kept, property)
			}
		}
		object.PropSet = kept
	}
}

func (h *hiddenProperties) filterUpdates(set *types.UpdateSet) {
	if set == nil {
		return
	}
	for i := range set.FilterSet {
		for j := range set.FilterSet[i].ObjectSet {
			object := &set.FilterSet[i].ObjectSet[j]
			kept := object.ChangeSet[:0]
			for _, change := range object.ChangeSet {
				if h.covers(object.Obj, change.Name) {
					object.MissingSet = append(object.MissingSet, missing(object.Obj, change.Name))
				} else {
					kept = append(kept, change)
				}
			}
			object.ChangeSet = kept
		}
	}
}

// guard runs before every call. It refuses property reads without a session,
// which the stock collector answers with an empty result, and hidden properties
// asked for by the undocumented Fetch call, which bypasses the collector above.
func guard(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	switch request := method.Body.(type) {
	case *types.RetrievePropertiesEx:
		return nil, refuseAnonymous(ctx, request.SpecSet)
	case *types.RetrieveProperties:
		return nil, refuseAnonymous(ctx, request.SpecSet)
	}
	if method.Name == "Fetch" {
		// The request type is internal to govmomi, so it has to be read by name.
		request := reflect.ValueOf(method.Body).Elem()
		ref := request.FieldByName("This").Interface().(types.ManagedObjectReference)
		if hiddenIn(ctx).covers(ref, request.FieldByName("Prop").String()) {
			return nil, noPermission(ref)
		}
	}
	return nil, nil
}

func refuseAnonymous(ctx *simulator.Context, specs []types.PropertyFilterSpec) types.BaseMethodFault {
	if ctx.Session != nil {
		return nil
	}
	for _, spec := range specs {
		for _, object := range spec.ObjectSet {
			switch object.Obj.Type {
			case "ServiceInstance", "SessionManager": // readable before login
			default:
				return &types.NotAuthenticated{NoPermission: types.NoPermission{
					Object: &object.Obj, PrivilegeId: "System.View",
				}}
			}
		}
	}
	return nil
}
