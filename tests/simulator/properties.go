package main

import (
	"path"
	"reflect"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The stock collector encodes and decodes every object to copy it, which is most
// of the time a large estate takes. What is here reads the same without: values
// that change are replaced as wholes, so sharing the rest is safe.

// managed is a managed object as the collector reads it.
func managed(ctx *simulator.Context, ref types.ManagedObjectReference) (reflect.Value, bool) {
	found := ctx.Session.Get(ref)
	if found == nil {
		return reflect.Value{}, false
	}
	if view, ok := found.(interface{ Get() mo.Reference }); ok {
		found = view.Get()
	}
	value := reflect.ValueOf(found).Elem()
	for path.Base(value.Type().PkgPath()) != "mo" { // a wrapper: the API's type is its first field
		value = value.Field(0)
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
	}
	return value, true
}

// answersTo is true for the name of the object's type and for those it derives from.
func answersTo(name string, ref types.ManagedObjectReference, kind reflect.Type) bool {
	if name == ref.Type || name == kind.Name() {
		return true
	}
	field, ok := kind.FieldByName(name)
	return ok && field.Anonymous
}

// steps remembers the names of a path as Go writes them.
var steps sync.Map

func stepsOf(property string) []string {
	if known, ok := steps.Load(property); ok {
		return known.([]string)
	}
	names := strings.Split(property, ".")
	for i, name := range names {
		names[i] = upper(name)
	}
	steps.Store(property, names)
	return names
}

func upper(name string) string {
	if name == "" {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// valueAt reads a path; nil is a value that is not set. It is not known when the
// path leads nowhere, or into a list.
func valueAt(value reflect.Value, name string) (found any, known bool) {
	names := stepsOf(name)
	for i, step := range names {
		for value.Kind() == reflect.Interface || value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return nil, true
			}
			value = value.Elem()
		}
		if value.Kind() != reflect.Struct {
			return nil, false
		}
		field := value.FieldByName(step)
		if !field.IsValid() {
			return nil, false
		}
		if i < len(names)-1 {
			value = field
			continue
		}
		return plainValue(field), true
	}
	return nil, false
}

// plainValue is a value as an answer holds it: no pointer, and lists in the types
// the API has for them.
func plainValue(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		value = value.Elem()
	case reflect.Interface:
		if value.IsNil() {
			return nil
		}
	case reflect.String:
		if value.Len() == 0 {
			return nil
		}
	}
	if value.Kind() == reflect.Slice {
		return listValue(value)
	}
	return value.Interface()
}

var listOf = types.TypeFunc()

func listValue(value reflect.Value) any {
	switch v := value.Interface().(type) {
	case []string:
		return &types.ArrayOfString{String: v}
	case []byte:
		return &types.ArrayOfByte{Byte: v}
	case types.ByteSlice:
		return &types.ArrayOfByte{Byte: v}
	case []int16:
		return &types.ArrayOfShort{Short: v}
	case []int32:
		return &types.ArrayOfInt{Int: v}
	case []int64:
		return &types.ArrayOfLong{Long: v}
	}
	name := strings.TrimPrefix(value.Type().Elem().Name(), "Base")
	kind, ok := listOf("ArrayOf" + name)
	if !ok {
		return nil
	}
	list := reflect.New(kind)
	list.Elem().FieldByName(name).Set(value)
	return list.Interface()
}

// everything reads all properties that are set.
func everything(value reflect.Value, into *types.ObjectContent) {
	kind := value.Type()
	for i := range kind.NumField() {
		field := kind.Field(i)
		if field.Anonymous {
			everything(value.Field(i), into)
			continue
		}
		if field.Name == "Self" {
			continue
		}
		if found := plainValue(value.Field(i)); found != nil {
			into.PropSet = append(into.PropSet, types.DynamicProperty{
				Name: strings.ToLower(field.Name[:1]) + field.Name[1:], Val: found,
			})
		}
	}
}

// content reads what a filter's specification asks of an object. Not asked for
// at all is nil.
func content(ctx *simulator.Context, ref types.ManagedObjectReference, specs []types.PropertySpec) (out *types.ObjectContent, unknown string) {
	ctx.WithLock(ref, func() {
		value, ok := managed(ctx, ref)
		if !ok {
			return
		}
		seen := map[string]bool{}
		for _, spec := range specs {
			if !answersTo(spec.Type, ref, value.Type()) {
				continue
			}
			if out == nil {
				out = &types.ObjectContent{Obj: ref}
			}
			if spec.All != nil && *spec.All {
				everything(value, out)
				continue
			}
			for _, name := range spec.PathSet {
				if seen[name] {
					continue
				}
				seen[name] = true
				found, known := valueAt(value, name)
				if !known {
					unknown = name
					return
				}
				if found != nil {
					out.PropSet = append(out.PropSet, types.DynamicProperty{Name: name, Val: found})
				}
			}
		}
	})
	return out, unknown
}

// selection finds the objects a filter is about, each once.
type selection struct {
	ctx   *simulator.Context
	named map[string]*types.TraversalSpec
	seen  map[types.ManagedObjectReference]bool
	refs  []types.ManagedObjectReference
}

func selected(ctx *simulator.Context, spec types.PropertyFilterSpec) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	s := &selection{ctx: ctx, named: map[string]*types.TraversalSpec{}, seen: map[types.ManagedObjectReference]bool{}}
	for _, from := range spec.ObjectSet {
		value, ok := managed(ctx, from.Obj)
		if !ok {
			if spec.ReportMissingObjectsInResults != nil && *spec.ReportMissingObjectsInResults {
				continue
			}
			return nil, &types.ManagedObjectNotFound{Obj: from.Obj}
		}
		if from.SelectSet == nil || from.Skip == nil || !*from.Skip {
			s.add(from.Obj)
		}
		if fault := s.follow(value, from.SelectSet); fault != nil {
			return nil, fault
		}
	}
	return s.refs, nil
}

func (s *selection) add(ref types.ManagedObjectReference) {
	if !s.seen[ref] {
		s.seen[ref] = true
		s.refs = append(s.refs, ref)
	}
}

func (s *selection) follow(value reflect.Value, set []types.BaseSelectionSpec) types.BaseMethodFault {
	for _, step := range set {
		if traversal, ok := step.(*types.TraversalSpec); ok && traversal.Name != "" {
			s.named[traversal.Name] = traversal
		}
	}
	for _, step := range set {
		traversal, ok := step.(*types.TraversalSpec)
		if !ok {
			if traversal = s.named[step.GetSelectionSpec().Name]; traversal == nil {
				return &types.InvalidArgument{InvalidProperty: "undefined TraversalSpec name"}
			}
		}
		found, _ := valueAt(value, traversal.Path)
		for _, ref := range refsIn(found) {
			if traversal.Skip == nil || !*traversal.Skip {
				s.add(ref)
			}
			if len(traversal.SelectSet) == 0 {
				continue
			}
			if next, ok := managed(s.ctx, ref); ok {
				if fault := s.follow(next, traversal.SelectSet); fault != nil {
					return fault
				}
			}
		}
	}
	return nil
}

func refsIn(value any) []types.ManagedObjectReference {
	switch v := value.(type) {
	case types.ManagedObjectReference:
		return []types.ManagedObjectReference{v}
	case *types.ArrayOfManagedObjectReference:
		return v.ManagedObjectReference
	}
	return nil
}
