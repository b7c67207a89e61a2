package main

import (
	"reflect"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// propertyCollector replaces the stock one: faster, strict about paths as a real
// server is, with pages that are read when they are asked for, and with changes
// that cost what changed and not what there is. Properties may be hidden.
type propertyCollector struct {
	simulator.PropertyCollector

	mu    sync.Mutex
	pages map[string]page
	watch *watch
}

// page is what is left of an answer: objects, and what is asked of them.
type page struct {
	left  []asked
	limit int
}

type asked struct {
	ref   types.ManagedObjectReference
	props []types.PropertySpec
}

func hiddenIn(ctx *simulator.Context) *hiddenProperties {
	return ctx.Map.Get(hiddenRef).(*hiddenProperties)
}

// stockReads leaves all reads to govmomi's own collector, as its vcsim has it: it
// takes its time, like a real server, and peers are compared on it.
var stockReads bool

// stock is true for what only the stock collector can do: answer strangers, and
// read single elements of lists.
func stock(ctx *simulator.Context, specs []types.PropertyFilterSpec) bool {
	if ctx.Session == nil || stockReads {
		return true
	}
	for _, spec := range specs {
		for _, props := range spec.PropSet {
			for _, name := range props.PathSet {
				if strings.Contains(name, "[") {
					return true
				}
			}
		}
	}
	return false
}

func faultOf(reason types.BaseMethodFault) *soap.Fault {
	message := ""
	if _, ok := reason.(*types.ManagedObjectNotFound); ok {
		message = "The object has already been deleted or has not been completely created"
	}
	return simulator.Fault(message, reason)
}

// ask lists the objects the specifications are about.
func ask(ctx *simulator.Context, specs []types.PropertyFilterSpec) (all []asked, reason types.BaseMethodFault) {
	at := map[types.ManagedObjectReference]int{}
	for _, spec := range specs {
		refs, reason := selected(ctx, spec)
		if reason != nil {
			return nil, reason
		}
		for _, ref := range refs {
			if i, known := at[ref]; known {
				all[i].props = append(all[i].props[:len(all[i].props):len(all[i].props)], spec.PropSet...)
				continue
			}
			at[ref] = len(all)
			all = append(all, asked{ref, spec.PropSet})
		}
	}
	return all, nil
}

// turn reads the next objects and leaves the rest under a token.
func (pc *propertyCollector) turn(ctx *simulator.Context, p page) (*types.RetrieveResult, types.BaseMethodFault) {
	result := new(types.RetrieveResult)
	for len(p.left) > 0 && (p.limit <= 0 || len(result.Objects) < p.limit) {
		next := p.left[0]
		p.left = p.left[1:]
		found, unknown := content(ctx, next.ref, next.props)
		if unknown != "" {
			return nil, &types.InvalidProperty{Name: unknown}
		}
		if found != nil {
			result.Objects = append(result.Objects, *found)
		}
	}
	if len(p.left) > 0 {
		result.Token = uuid.NewString()
		pc.mu.Lock()
		if pc.pages == nil {
			pc.pages = map[string]page{}
		}
		pc.pages[result.Token] = p
		pc.mu.Unlock()
	}
	hiddenIn(ctx).filter(result.Objects)
	return result, nil
}

func (pc *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context, r *types.RetrievePropertiesEx) soap.HasFault {
	if stock(ctx, r.SpecSet) {
		body := pc.PropertyCollector.RetrievePropertiesEx(ctx, r)
		if res := body.(*methods.RetrievePropertiesExBody).Res; res != nil && res.Returnval != nil {
			hiddenIn(ctx).filter(res.Returnval.Objects)
		}
		return body
	}
	world := &hiddenIn(ctx).world
	world.RLock()
	defer world.RUnlock()
	body := new(methods.RetrievePropertiesExBody)
	all, reason := ask(ctx, r.SpecSet)
	var result *types.RetrieveResult
	if reason == nil {
		result, reason = pc.turn(ctx, page{all, int(r.Options.MaxObjects)})
	}
	if reason != nil {
		body.Fault_ = faultOf(reason)
		return body
	}
	body.Res = &types.RetrievePropertiesExResponse{Returnval: result}
	return body
}

func (pc *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx) soap.HasFault {
	pc.mu.Lock()
	p, known := pc.pages[r.Token]
	delete(pc.pages, r.Token)
	pc.mu.Unlock()
	if !known { // a page of the stock collector's, or a token that was used
		body := pc.PropertyCollector.ContinueRetrievePropertiesEx(ctx, r)
		if res := body.(*methods.ContinueRetrievePropertiesExBody).Res; res != nil {
			hiddenIn(ctx).filter(res.Returnval.Objects)
		}
		return body
	}
	world := &hiddenIn(ctx).world
	world.RLock()
	defer world.RUnlock()
	body := new(methods.ContinueRetrievePropertiesExBody)
	result, reason := pc.turn(ctx, p)
	if reason != nil {
		body.Fault_ = faultOf(reason)
		return body
	}
	body.Res = &types.ContinueRetrievePropertiesExResponse{Returnval: *result}
	return body
}

func (pc *propertyCollector) CancelRetrievePropertiesEx(_ *simulator.Context, r *types.CancelRetrievePropertiesEx) soap.HasFault {
	pc.mu.Lock()
	delete(pc.pages, r.Token)
	pc.mu.Unlock()
	return &methods.CancelRetrievePropertiesExBody{Res: new(types.CancelRetrievePropertiesExResponse)}
}

func (pc *propertyCollector) RetrieveProperties(ctx *simulator.Context, r *types.RetrieveProperties) soap.HasFault {
	body := new(methods.RetrievePropertiesBody)
	answer := pc.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{This: r.This, SpecSet: r.SpecSet})
	if body.Fault_ = answer.Fault(); body.Fault_ == nil {
		body.Res = &types.RetrievePropertiesResponse{
			Returnval: answer.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects,
		}
	}
	return body
}

func (pc *propertyCollector) CreatePropertyCollector(ctx *simulator.Context, r *types.CreatePropertyCollector) soap.HasFault {
	if stockReads {
		return pc.PropertyCollector.CreatePropertyCollector(ctx, r)
	}
	private := new(propertyCollector)
	private.Self.Type = "PropertyCollector"
	ref := ctx.Session.Put(private).Reference()
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: ref}}
}

// viewManager is the stock one, kept from walking an estate that changes.
type viewManager struct{ *simulator.ViewManager }

func (m *viewManager) CreateContainerView(ctx *simulator.Context, r *types.CreateContainerView) soap.HasFault {
	world := &hiddenIn(ctx).world
	world.RLock()
	defer world.RUnlock()
	return m.ViewManager.CreateContainerView(ctx, r)
}

// FetchResponse answers Fetch; the name is the one on the wire.
type FetchResponse struct {
	Returnval types.AnyType `xml:"returnval,omitempty,typeattr"`
}

type fetchBody struct {
	Res    *FetchResponse
	Fault_ *soap.Fault
}

func (b *fetchBody) Fault() *soap.Fault { return b.Fault_ }

// Fetch is what pyVmomi reads single properties with. The stock one answers in
// another call's name when the property is not set. Its request is a type that
// govmomi keeps to itself.
func (pc *propertyCollector) Fetch(ctx *simulator.Context, request any) soap.HasFault {
	in := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)}
	out := reflect.ValueOf(&pc.PropertyCollector).MethodByName("Fetch").Call(in)[0].Interface().(soap.HasFault)
	if _, other := out.(*methods.RetrievePropertiesExBody); other && out.Fault() == nil {
		return &fetchBody{Res: new(FetchResponse)}
	}
	return out
}
