package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// firstField is where keys of custom attributes begin.
const firstField = 101

// addField declares a custom attribute; without a type it is for all of them.
func (e *estate) addField(name, kind string) {
	e.fields = append(e.fields, types.CustomFieldDef{
		Key: int32(firstField + len(e.fields)), Name: name, Type: "string", ManagedObjectType: kind,
	})
}

// describe sets a custom attribute of an object and says so in its truth.
func (e *estate) describe(object mo.Entity, t *labels, name, value string) {
	entity := object.Entity()
	for _, field := range e.fields {
		if field.Name != name || field.ManagedObjectType != "" && field.ManagedObjectType != object.Reference().Type {
			continue
		}
		entry := &types.CustomFieldStringValue{CustomFieldValue: types.CustomFieldValue{Key: field.Key}, Value: value}
		entity.CustomValue = append(entity.CustomValue, entry)
		entity.Value = append(entity.Value, entry)
		if t.CustomAttributes == nil {
			t.CustomAttributes = map[string]string{}
		}
		t.CustomAttributes[name] = value
		return
	}
	panic(fmt.Sprintf("no custom attribute %q for %s", name, object.Reference().Type))
}

// publishFields puts the attributes where clients look them up.
func (e *estate) publishFields() {
	manager := e.ctx.Map.CustomFieldsManager()
	manager.Field = e.fields
	e.truth.CustomFields = []customFieldTruth{}
	for _, field := range e.fields {
		e.truth.CustomFields = append(e.truth.CustomFields, customFieldTruth{field.Key, field.Name, field.ManagedObjectType})
	}
	for _, kind := range []string{"VirtualMachine", "HostSystem", "ClusterComputeResource", "Datastore"} {
		var available []types.CustomFieldDef
		for _, field := range e.fields {
			if field.ManagedObjectType == "" || field.ManagedObjectType == kind {
				available = append(available, field)
			}
		}
		for _, object := range e.ctx.Map.All(kind) {
			object.Entity().AvailableField = available
		}
	}
	for _, m := range e.machines {
		m.Summary.CustomValue = m.CustomValue
	}
}
