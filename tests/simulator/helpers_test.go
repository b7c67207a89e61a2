package main

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const testPassword = "correct horse"

func serve(t *testing.T, o options) (*vcenter, truth) {
	t.Helper()
	o.listen, o.username, o.password = "127.0.0.1:0", "reader@vsphere.local", testPassword
	o.workdir = t.TempDir()
	v, err := start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.stop)
	data, err := os.ReadFile(v.TruthFile)
	if err != nil {
		t.Fatal(err)
	}
	var written truth
	if err := json.Unmarshal(data, &written); err != nil {
		t.Fatal(err)
	}
	return v, written
}

// login trusts nothing but the written certificate.
func login(t *testing.T, v *vcenter, password string) (*govmomi.Client, error) {
	t.Helper()
	u, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := soap.NewClient(u, false)
	if err := transport.SetRootCAs(v.CAFile); err != nil {
		t.Fatal(err)
	}
	client, err := vim25.NewClient(t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	c := &govmomi.Client{Client: client, SessionManager: session.NewManager(client)}
	return c, c.Login(t.Context(), url.UserPassword(v.Username, password))
}

func mustLogin(t *testing.T, v *vcenter) *govmomi.Client {
	t.Helper()
	c, err := login(t, v, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func container(t *testing.T, c *govmomi.Client, kind string) *view.ContainerView {
	t.Helper()
	v, err := view.NewManager(c.Client).CreateContainerView(t.Context(), c.ServiceContent.RootFolder, []string{kind}, true)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// read collects properties of every object of a kind, by reference. Missing
// properties stay empty: govmomi's own retrieval makes an error of them.
func read[T any](t *testing.T, c *govmomi.Client, kind string, reference func(T) string, paths ...string) map[string]T {
	t.Helper()
	v := container(t, c, kind)
	res, err := methods.RetrieveProperties(t.Context(), c.Client, &types.RetrieveProperties{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{
				Obj: v.Reference(), Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{v.TraversalSpec()},
			}},
			PropSet: []types.PropertySpec{{Type: kind, PathSet: paths, All: types.NewBool(len(paths) == 0)}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range res.Returnval {
		res.Returnval[i].MissingSet = nil
	}
	var found []T
	if err := mo.LoadObjectContent(res.Returnval, &found); err != nil {
		t.Fatal(err)
	}
	byRef := map[string]T{}
	for _, f := range found {
		byRef[reference(f)] = f
	}
	return byRef
}
