package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

var hiddenRef = types.ManagedObjectReference{Type: "HiddenProperties", Value: "hidden"}

// hiddenProperties lists, per object, the properties the account may not read.
// It lives in the registry, because the simulator makes a fresh, zero property
// collector for every session and that collector has to find the list again.
// The list is written while the scene is built and only read afterwards.
type hiddenProperties struct {
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

// propertyCollector is the stock collector with a permission check after it.
type propertyCollector struct {
	simulator.PropertyCollector
}

func hiddenIn(ctx *simulator.Context) *hiddenProperties {
	return ctx.Map.Get(hiddenRef).(*hiddenProperties)
}

func (pc *propertyCollector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	private := new(propertyCollector)
	private.Self.Type = "PropertyCollector"
	ref := ctx.Session.Put(private).Reference()
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: ref}}
}

func (pc *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context, r *types.RetrievePropertiesEx) soap.HasFault {
	body := pc.PropertyCollector.RetrievePropertiesEx(ctx, r)
	if res := body.(*methods.RetrievePropertiesExBody).Res; res != nil && res.Returnval != nil {
		hiddenIn(ctx).filter(res.Returnval.Objects)
	}
	return body
}

func (pc *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx) soap.HasFault {
	body := pc.PropertyCollector.ContinueRetrievePropertiesEx(ctx, r)
	if res := body.(*methods.ContinueRetrievePropertiesExBody).Res; res != nil {
		hiddenIn(ctx).filter(res.Returnval.Objects)
	}
	return body
}

func (pc *propertyCollector) RetrieveProperties(ctx *simulator.Context, r *types.RetrieveProperties) soap.HasFault {
	body := pc.PropertyCollector.RetrieveProperties(ctx, r)
	if res := body.(*methods.RetrievePropertiesBody).Res; res != nil {
		hiddenIn(ctx).filter(res.Returnval)
	}
	return body
}

func (pc *propertyCollector) WaitForUpdatesEx(ctx *simulator.Context, r *types.WaitForUpdatesEx) soap.HasFault {
	body := pc.PropertyCollector.WaitForUpdatesEx(ctx, r)
	if res := body.(*methods.WaitForUpdatesExBody).Res; res != nil {
		hiddenIn(ctx).filterUpdates(res.Returnval)
	}
	return body
}

func (pc *propertyCollector) WaitForUpdates(ctx *simulator.Context, r *types.WaitForUpdates) soap.HasFault {
	body := pc.PropertyCollector.WaitForUpdates(ctx, r)
	if res := body.(*methods.WaitForUpdatesBody).Res; res != nil {
		hiddenIn(ctx).filterUpdates(&res.Returnval)
	}
	return body
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
