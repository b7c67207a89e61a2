package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	updatesPerAnswer = 100 // vCenter's own limit
	gathering        = 20 * time.Millisecond
)

// watch follows what happens to objects, for one collector's filters.
type watch struct {
	self types.ManagedObjectReference

	mu      sync.Mutex
	changed map[types.ManagedObjectReference][]string // names of properties; none for an object that came or went
	order   []types.ManagedObjectReference
	wake    chan struct{}
	cancel  context.CancelFunc

	version  int
	left     []types.PropertyFilterUpdate // of an answer that was truncated
	answered *types.UpdateSet             // the last answer, for a client that did not get it
}

func newWatch() *watch {
	return &watch{
		self:    types.ManagedObjectReference{Type: "Watch", Value: uuid.NewString()},
		changed: map[types.ManagedObjectReference][]string{}, wake: make(chan struct{}, 1),
	}
}

func (w *watch) Reference() types.ManagedObjectReference { return w.self }

func (w *watch) PutObject(_ *simulator.Context, o mo.Reference) { w.note(o.Reference()) }

func (w *watch) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) { w.note(ref) }

func (w *watch) UpdateObject(_ *simulator.Context, o mo.Reference, changes []types.PropertyChange) {
	names := make([]string, len(changes))
	for i, change := range changes {
		names[i] = change.Name
	}
	w.note(o.Reference(), names...)
}

func (w *watch) note(ref types.ManagedObjectReference, names ...string) {
	w.mu.Lock()
	if _, known := w.changed[ref]; !known {
		w.order = append(w.order, ref)
	}
	for _, name := range names {
		if !slices.Contains(w.changed[ref], name) {
			w.changed[ref] = append(w.changed[ref], name)
		}
	}
	if len(names) == 0 {
		w.changed[ref] = append(w.changed[ref], "")
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take gives what happened since it was last called.
func (w *watch) take() ([]types.ManagedObjectReference, map[types.ManagedObjectReference][]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	order, changed := w.order, w.changed
	w.order, w.changed = nil, map[types.ManagedObjectReference][]string{}
	return order, changed
}

// filter is a property filter and the objects it has told of.
type filter struct {
	mo.PropertyFilter

	owner *propertyCollector
	known map[types.ManagedObjectReference]bool
	order []types.ManagedObjectReference
	props []types.PropertySpec
	paths []string // properties that lead from object to object
}

func (pc *propertyCollector) CreateFilter(ctx *simulator.Context, r *types.CreateFilter) soap.HasFault {
	body := new(methods.CreateFilterBody)
	if _, reason := selected(ctx, r.Spec); reason != nil {
		body.Fault_ = faultOf(reason)
		return body
	}
	f := &filter{owner: pc, known: map[types.ManagedObjectReference]bool{}, props: r.Spec.PropSet}
	f.Self.Type = "PropertyFilter"
	f.Spec, f.PartialUpdates = r.Spec, r.PartialUpdates
	var paths func([]types.BaseSelectionSpec)
	paths = func(set []types.BaseSelectionSpec) {
		for _, step := range set {
			if traversal, ok := step.(*types.TraversalSpec); ok {
				f.paths = append(f.paths, traversal.Path)
				paths(traversal.SelectSet)
			}
		}
	}
	for _, from := range r.Spec.ObjectSet {
		paths(from.SelectSet)
	}
	ref := ctx.Session.Put(f).Reference()
	pc.mu.Lock()
	pc.Filter = append(pc.Filter, ref)
	pc.mu.Unlock()
	if w := pc.watching(ctx, false); w != nil {
		w.note(ref) // what it is about is told with the next answer
	}
	body.Res = &types.CreateFilterResponse{Returnval: ref}
	return body
}

func (f *filter) DestroyPropertyFilter(ctx *simulator.Context, r *types.DestroyPropertyFilter) soap.HasFault {
	f.owner.mu.Lock()
	simulator.RemoveReference(&f.owner.Filter, r.This)
	f.owner.mu.Unlock()
	ctx.Session.Remove(ctx, r.This)
	return &methods.DestroyPropertyFilterBody{Res: new(types.DestroyPropertyFilterResponse)}
}

func (pc *propertyCollector) DestroyPropertyCollector(ctx *simulator.Context, r *types.DestroyPropertyCollector) soap.HasFault {
	pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: r.This})
	for _, f := range pc.filters(ctx) {
		ctx.Session.Remove(ctx, f.Self)
	}
	if w := pc.watching(ctx, false); w != nil {
		ctx.Map.RemoveHandler(w)
	}
	ctx.Session.Remove(ctx, r.This)
	return &methods.DestroyPropertyCollectorBody{Res: new(types.DestroyPropertyCollectorResponse)}
}

func (pc *propertyCollector) CancelWaitForUpdates(_ *types.CancelWaitForUpdates) soap.HasFault {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.watch != nil && pc.watch.cancel != nil {
		pc.watch.cancel()
	}
	return &methods.CancelWaitForUpdatesBody{Res: new(types.CancelWaitForUpdatesResponse)}
}

// watching is the collector's watch; start begins a new one.
func (pc *propertyCollector) watching(ctx *simulator.Context, start bool) *watch {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if start {
		if pc.watch != nil {
			ctx.Map.RemoveHandler(pc.watch)
		}
		pc.watch = newWatch()
		ctx.Map.AddHandler(pc.watch)
	}
	return pc.watch
}

func (pc *propertyCollector) filters(ctx *simulator.Context) (all []*filter) {
	pc.mu.Lock()
	refs := slices.Clone(pc.Filter)
	pc.mu.Unlock()
	for _, ref := range refs {
		if f, ok := ctx.Session.Get(ref).(*filter); ok {
			all = append(all, f)
		}
	}
	return all
}

func (pc *propertyCollector) WaitForUpdates(ctx *simulator.Context, r *types.WaitForUpdates) soap.HasFault {
	body := new(methods.WaitForUpdatesBody)
	answer := pc.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: r.This, Version: r.Version})
	if body.Fault_ = answer.Fault(); body.Fault_ == nil {
		body.Res = &types.WaitForUpdatesResponse{Returnval: *answer.(*methods.WaitForUpdatesExBody).Res.Returnval}
	}
	return body
}

func (pc *propertyCollector) WaitForUpdatesEx(ctx *simulator.Context, r *types.WaitForUpdatesEx) soap.HasFault {
	body := &methods.WaitForUpdatesExBody{Res: new(types.WaitForUpdatesExResponse)}
	limit, wait, most := updatesPerAnswer, true, time.Duration(0)
	if r.Options != nil {
		if n := int(r.Options.MaxObjectUpdates); n > 0 {
			limit = min(n, limit)
		}
		if seconds := r.Options.MaxWaitSeconds; seconds != nil {
			most, wait = time.Duration(*seconds)*time.Second, *seconds != 0
		}
	}
	w := pc.watching(ctx, r.Version == "")
	if w == nil {
		body.Res, body.Fault_ = nil, faultOf(new(types.InvalidCollectorVersion))
		return body
	}
	var all []types.PropertyFilterUpdate
	switch {
	case r.Version == "":
		for _, f := range pc.filters(ctx) {
			f.known, f.order = map[types.ManagedObjectReference]bool{}, nil
		}
		all = pc.changes(ctx, nil, nil)
	case w.answered != nil && r.Version == strconv.Itoa(w.version-1): // the client did not get the answer
		body.Res.Returnval = w.answered
		return body
	case r.Version != strconv.Itoa(w.version):
		body.Res, body.Fault_ = nil, faultOf(new(types.InvalidCollectorVersion))
		return body
	case len(w.left) > 0:
		all = w.left
	default:
		waiting, stop := w.patience(most)
		defer stop()
		for all == nil {
			order, changed := w.take()
			if len(order) > 0 {
				if all = pc.changes(ctx, order, changed); all != nil {
					break
				}
			}
			if !wait {
				return body // without a value: nothing happened
			}
			select {
			case <-w.wake:
				time.Sleep(gathering)
			case <-waiting.Done():
				if waiting.Err() == context.Canceled {
					body.Res, body.Fault_ = nil, faultOf(new(types.RequestCanceled))
				}
				return body
			}
		}
	}
	body.Res.Returnval = w.answer(all, limit)
	hiddenIn(ctx).filterUpdates(body.Res.Returnval)
	return body
}

// patience ends after the longest wait, if there is one, and when a client cancels.
func (w *watch) patience(most time.Duration) (context.Context, context.CancelFunc) {
	waiting, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	if most > 0 {
		return context.WithTimeout(waiting, most)
	}
	return waiting, cancel
}

// answer takes as many updates as fit and keeps the rest for the next call.
func (w *watch) answer(all []types.PropertyFilterUpdate, limit int) *types.UpdateSet {
	set := new(types.UpdateSet)
	w.left = nil
	for i, update := range all {
		if len(update.ObjectSet) <= limit {
			limit -= len(update.ObjectSet)
			set.FilterSet = append(set.FilterSet, update)
			continue
		}
		rest := update
		if limit > 0 {
			update.ObjectSet, rest.ObjectSet = update.ObjectSet[:limit], update.ObjectSet[limit:]
			set.FilterSet = append(set.FilterSet, update)
		}
		w.left = append([]types.PropertyFilterUpdate{rest}, all[i+1:]...)
		set.Truncated = types.NewBool(true)
		break
	}
	w.version++
	set.Version = strconv.Itoa(w.version)
	w.answered = set
	return set
}

// changes says what is new to each filter; without a list of what changed, that
// is all it is about.
func (pc *propertyCollector) changes(
	ctx *simulator.Context, order []types.ManagedObjectReference, changed map[types.ManagedObjectReference][]string,
) (all []types.PropertyFilterUpdate) {
	world := &hiddenIn(ctx).world
	world.RLock()
	defer world.RUnlock()
	for _, f := range pc.filters(ctx) {
		update := types.PropertyFilterUpdate{Filter: f.Self}
		if changed == nil || f.moved(order, changed) {
			update.ObjectSet = f.members(ctx)
		}
		entered := map[types.ManagedObjectReference]bool{}
		for _, object := range update.ObjectSet {
			entered[object.Obj] = true
		}
		for _, ref := range order {
			if f.known[ref] && !entered[ref] {
				if object := f.modified(ctx, ref, changed[ref]); len(object.ChangeSet) > 0 {
					update.ObjectSet = append(update.ObjectSet, object)
				}
			}
		}
		if len(update.ObjectSet) > 0 {
			all = append(all, update)
		}
	}
	return all
}

// moved is true when objects may have come into the filter or left it.
func (f *filter) moved(order []types.ManagedObjectReference, changed map[types.ManagedObjectReference][]string) bool {
	for _, ref := range order {
		for _, name := range changed[ref] {
			if name == "" || slices.Contains(f.paths, name) {
				return true
			}
		}
	}
	return false
}

// members compares what the filter is about with what it has told of.
func (f *filter) members(ctx *simulator.Context) (updates []types.ObjectUpdate) {
	refs, _ := selected(ctx, f.Spec)
	now := make(map[types.ManagedObjectReference]bool, len(refs))
	var order []types.ManagedObjectReference
	for _, ref := range refs {
		if f.known[ref] {
			now[ref] = true
			order = append(order, ref)
			continue
		}
		found, _ := content(ctx, ref, f.props)
		if found == nil {
			continue
		}
		now[ref] = true
		order = append(order, ref)
		update := types.ObjectUpdate{Kind: types.ObjectUpdateKindEnter, Obj: ref}
		for _, property := range found.PropSet {
			update.ChangeSet = append(update.ChangeSet, types.PropertyChange{
				Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val,
			})
		}
		updates = append(updates, update)
	}
	for _, ref := range f.order {
		if !now[ref] {
			updates = append(updates, types.ObjectUpdate{Kind: types.ObjectUpdateKindLeave, Obj: ref})
		}
	}
	f.known, f.order = now, order
	return updates
}

// modified reads those properties again that a change may have touched.
func (f *filter) modified(ctx *simulator.Context, ref types.ManagedObjectReference, names []string) types.ObjectUpdate {
	update := types.ObjectUpdate{Kind: types.ObjectUpdateKindModify, Obj: ref}
	found, _ := content(ctx, ref, f.props)
	if found == nil {
		return update
	}
	values := map[string]any{}
	for _, property := range found.PropSet {
		values[property.Name] = property.Val
	}
	value, ok := managed(ctx, ref)
	if !ok {
		return update
	}
	var asked []string
	for _, spec := range f.props {
		if !answersTo(spec.Type, ref, value.Type()) {
			continue
		}
		asked = append(asked, spec.PathSet...)
		if spec.All != nil && *spec.All {
			for _, property := range found.PropSet {
				asked = append(asked, property.Name)
			}
		}
	}
	told := map[string]bool{}
	for _, path := range asked {
		for _, name := range names {
			touched := path == name || strings.HasPrefix(name, path+".") || strings.HasPrefix(path, name+".")
			if touched && name != "" && !told[path] {
				told[path] = true
				update.ChangeSet = append(update.ChangeSet, types.PropertyChange{
					Name: path, Op: types.PropertyChangeOpAssign, Val: values[path],
				})
			}
		}
	}
	return update
}
