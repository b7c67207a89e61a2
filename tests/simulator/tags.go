package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const taggingPath = "/com/vmware/cis/tagging/"

// tagTruth names the tags of an object, by category.
type tagTruth map[string][]string

// tagStore is what the scene wants tagged. The REST service that holds tags
// needs the address of the server, so it is filled when that is known.
type tagStore struct {
	categories []tags.Category
	tags       []tags.Tag
	attached   map[string][]types.ManagedObjectReference // by tag id
}

// category declares a category; single is the rule that an object has at most one of its tags.
func (s *tagStore) category(scene, name, description string, single bool, kinds ...string) {
	cardinality := "MULTIPLE"
	if single {
		cardinality = "SINGLE"
	}
	s.categories = append(s.categories, tags.Category{
		ID:   "urn:vmomi:InventoryServiceCategory:" + stableUUID(scene, "category", name) + ":GLOBAL",
		Name: name, Description: description, Cardinality: cardinality, AssociableTypes: list(kinds), UsedBy: []string{},
	})
}

// tag finds or makes a tag.
func (s *tagStore) tag(scene, category, name string) string {
	id := "urn:vmomi:InventoryServiceTag:" + stableUUID(scene, "tag", category, name) + ":GLOBAL"
	if !slices.ContainsFunc(s.tags, func(t tags.Tag) bool { return t.ID == id }) {
		i := slices.IndexFunc(s.categories, func(c tags.Category) bool { return c.Name == category })
		s.tags = append(s.tags, tags.Tag{
			ID: id, Name: name, Description: category + " " + name, CategoryID: s.categories[i].ID, UsedBy: []string{},
		})
	}
	return id
}

// tag attaches a tag to an object and says so in the object's truth.
func (e *estate) tag(object mo.Reference, truth *tagTruth, category, name string) {
	id := e.tags.tag(e.scene, category, name)
	e.tags.attached[id] = append(e.tags.attached[id], object.Reference())
	if *truth == nil {
		*truth = tagTruth{}
	}
	(*truth)[category] = append((*truth)[category], name)
}

func (s *tagStore) truth() []categoryTruth {
	all := []categoryTruth{}
	for _, c := range s.categories {
		t := categoryTruth{
			ID: c.ID, Name: c.Name, Description: c.Description, Cardinality: c.Cardinality, Types: c.AssociableTypes,
			Tags: []taggedTruth{},
		}
		for _, tag := range s.tags {
			if tag.CategoryID == c.ID {
				t.Tags = append(t.Tags, taggedTruth{
					ID: tag.ID, Name: tag.Name, Description: tag.Description, Attached: len(s.attached[tag.ID]),
				})
			}
		}
		all = append(all, t)
	}
	return all
}

// serve puts the REST service with these tags under /rest and, in its newer
// form, under /api.
func (s *tagStore) serve(mux *http.ServeMux, listen *url.URL, registry *simulator.Registry) error {
	patterns, service := vapi.New(listen, registry)
	for _, pattern := range patterns {
		mux.Handle(pattern, service)
	}
	session := restClient{service: service, listen: listen}
	if err := session.call(http.MethodPost, "/com/vmware/cis/session", nil, &session.id); err != nil {
		return err
	}
	for _, category := range s.categories {
		category.CategoryID = category.ID
		if err := session.call(http.MethodPost, taggingPath+"category", map[string]any{"create_spec": category}, nil); err != nil {
			return err
		}
	}
	attach := service.(interface {
		AttachTag(types.ManagedObjectReference, string) types.BaseMethodFault
	})
	for _, tag := range s.tags {
		tag.TagID = tag.ID
		if err := session.call(http.MethodPost, taggingPath+"tag", map[string]any{"create_spec": tag}, nil); err != nil {
			return err
		}
		for _, ref := range s.attached[tag.ID] {
			attach.AttachTag(ref, tag.ID)
		}
	}
	newer := api{service}
	mux.Handle("/api/session", newer)
	mux.Handle("/api/cis/tagging/", newer)
	return session.call(http.MethodDelete, "/com/vmware/cis/session", nil, nil)
}

// restClient calls the REST service in the same process.
type restClient struct {
	service http.Handler
	listen  *url.URL
	id      string
}

func (c *restClient) call(method, path string, body, into any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, rest.Path+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	password, _ := c.listen.User.Password()
	request.SetBasicAuth(c.listen.User.Username(), password)
	request.Header.Set("vmware-api-session-id", c.id)
	answer := newAnswer()
	c.service.ServeHTTP(answer, request)
	if answer.status != http.StatusOK {
		return fmt.Errorf("%s %s: %d", method, path, answer.status)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Bytes(), &struct {
		Value any `json:"value"`
	}{into})
}

// answer keeps what a handler writes.
type answer struct {
	bytes.Buffer
	header http.Header
	status int
}

func newAnswer() *answer                 { return &answer{header: http.Header{}, status: http.StatusOK} }
func (a *answer) Header() http.Header    { return a.header }
func (a *answer) WriteHeader(status int) { a.status = status }
func (a *answer) value() (json.RawMessage, error) {
	var envelope struct {
		Value json.RawMessage `json:"value"`
	}
	if a.Len() == 0 {
		return nil, nil
	}
	err := json.Unmarshal(a.Bytes(), &envelope)
	if string(envelope.Value) == "null" {
		return json.RawMessage("[]"), err
	}
	return envelope.Value, err
}
