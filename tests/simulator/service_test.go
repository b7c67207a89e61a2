package main

import (
	"context"
	"crypto/x509"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestHiddenProperties(t *testing.T) {
	v, want := serve(t, options{scene: "awkward"})
	c := mustLogin(t, v)
	kinds := map[string]string{"vm": "VirtualMachine", "host": "HostSystem", "datastore": "Datastore"}
	check := func(kind, moref string, paths []string) {
		for _, path := range paths {
			ref := types.ManagedObjectReference{Type: kinds[kind], Value: moref}
			res, err := property.DefaultCollector(c.Client).RetrieveProperties(t.Context(), types.RetrieveProperties{
				SpecSet: []types.PropertyFilterSpec{{
					ObjectSet: []types.ObjectSpec{{Obj: ref}},
					PropSet:   []types.PropertySpec{{Type: ref.Type, PathSet: []string{"name", path}}},
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			content := res.Returnval[0]
			if len(content.PropSet) != 1 || len(content.MissingSet) != 1 {
				t.Errorf("%s %s is not hidden: %+v", moref, path, content)
				continue
			}
			denied, ok := content.MissingSet[0].Fault.Fault.(*types.NoPermission)
			if !ok || denied.PrivilegeId != "System.Read" || denied.Object.Value != moref {
				t.Errorf("%s %s is missing because of %+v", moref, path, content.MissingSet[0].Fault.Fault)
			}
		}
	}
	hidden := 0
	for _, m := range want.VMs {
		check("vm", m.Moref, m.Hidden)
		hidden += len(m.Hidden)
	}
	for _, h := range want.Hosts {
		check("host", h.Moref, h.Hidden)
		hidden += len(h.Hidden)
	}
	for _, d := range want.Datastores {
		check("datastore", d.Moref, d.Hidden)
		hidden += len(d.Hidden)
	}
	same(t, "hidden properties", hidden, 4)
}

func TestLoginAndSessions(t *testing.T) {
	v, _ := serve(t, options{scene: "demo", sessionTimeout: 300 * time.Millisecond})
	if _, err := login(t, v, "wrong"); !fault.Is(err, &types.InvalidLogin{}) {
		t.Errorf("a wrong password gives %v", err)
	}
	c := mustLogin(t, v)
	kept := container(t, c, "VirtualMachine")
	time.Sleep(time.Second)
	var machines []mo.VirtualMachine
	err := kept.Retrieve(t.Context(), []string{"VirtualMachine"}, []string{"name"}, &machines)
	if !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("an idle session gives %v", err)
	}
	var folder mo.Folder
	err = c.RetrieveOne(t.Context(), c.ServiceContent.RootFolder, []string{"name"}, &folder)
	if !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("an idle session gives %v", err)
	}
}

func TestCertificate(t *testing.T) {
	v, _ := serve(t, options{scene: "demo"})
	authority, err := os.ReadFile(v.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	leaf := v.server.Certificate()
	for _, name := range []string{"127.0.0.1", "localhost"} {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Error(err)
		}
	}
	if len(leaf.AuthorityKeyId) == 0 || leaf.KeyUsage == 0 {
		t.Error("strict checkers want an authority key id and a key usage")
	}
}

// pages reads the names of all machines with a limit on objects per answer.
func pages(ctx context.Context, c *govmomi.Client, v *view.ContainerView, limit int32) (count, pages int, err error) {
	res, err := methods.RetrievePropertiesEx(ctx, c.Client, &types.RetrievePropertiesEx{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{
				Obj: v.Reference(), Skip: types.NewBool(true),
				SelectSet: []types.BaseSelectionSpec{v.TraversalSpec()},
			}},
			PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name", "config.hardware.device", "snapshot"}}},
		}},
		Options: types.RetrieveOptions{MaxObjects: limit},
	})
	if err != nil {
		return 0, 0, err
	}
	page := *res.Returnval
	for {
		count, pages = count+len(page.Objects), pages+1
		if page.Token == "" {
			return count, pages, nil
		}
		next, err := methods.ContinueRetrievePropertiesEx(ctx, c.Client, &types.ContinueRetrievePropertiesEx{
			This: c.ServiceContent.PropertyCollector, Token: page.Token,
		})
		if err != nil {
			return count, pages, err
		}
		page = next.Returnval
	}
}

func TestPagesInParallelSessions(t *testing.T) {
	v, _ := serve(t, options{scene: "plain"})
	var group sync.WaitGroup
	for range 4 {
		c := mustLogin(t, v)
		machines := container(t, c, "VirtualMachine")
		group.Go(func() {
			if count, n, err := pages(t.Context(), c, machines, 30); err != nil || count != 100 || n != 4 {
				t.Errorf("%d machines in %d pages: %v", count, n, err)
			}
		})
	}
	group.Wait()
}
