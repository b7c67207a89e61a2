package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// restCall sends a request the way a client of its own would.
func restCall(t *testing.T, v *vcenter, method, path, session, body string) (int, string) {
	t.Helper()
	pem, err := os.ReadFile(v.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	request, err := http.NewRequest(method, strings.TrimSuffix(v.URL, "/sdk")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if session == "" {
		request.SetBasicAuth(v.Username, testPassword)
	} else {
		request.Header.Set("vmware-api-session-id", session)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

func TestTagsMatchTheTruth(t *testing.T) {
	v, want := serve(t, options{scene: "plain"})
	for _, form := range []struct{ session, tagging, action, id string }{
		{"/rest/com/vmware/cis/session", "/rest/com/vmware/cis/tagging", "~action", "/id:"},
		{"/api/session", "/api/cis/tagging", "action", "/"},
	} {
		old := strings.HasPrefix(form.session, "/rest")
		get := func(into any, method, path, session, body string) int {
			status, content := restCall(t, v, method, path, session, body)
			if old {
				content = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(content), `{"value":`), "}")
			}
			if err := json.Unmarshal([]byte(content), into); err != nil {
				t.Fatalf("%s %s: %d %q: %v", method, path, status, content, err)
			}
			return status
		}
		var session string
		same(t, "status", get(&session, "POST", form.session, "", ""), map[bool]int{true: 200, false: 201}[old])
		var ids []string
		get(&ids, "GET", form.tagging+"/category", session, "")
		same(t, "categories", len(ids), len(want.TagCategories))

		byID := map[string]string{}
		for _, category := range want.TagCategories {
			var one struct{ ID, Name, Cardinality string }
			get(&one, "GET", form.tagging+"/category"+form.id+category.ID, session, "")
			same(t, category.Name, []string{one.ID, one.Name, one.Cardinality}, []string{category.ID, category.Name, category.Cardinality})
			for _, tag := range category.Tags {
				byID[tag.ID] = category.Name + "/" + tag.Name
			}
		}
		get(&ids, "GET", form.tagging+"/tag", session, "")
		same(t, "tags", len(ids), len(byID))

		vm := want.VMs[5]
		var objects []struct {
			TagIDs []string `json:"tag_ids"`
		}
		get(&objects, "POST", form.tagging+"/tag-association?"+form.action+"=list-attached-tags-on-objects", session,
			`{"object_ids":[{"type":"VirtualMachine","id":"`+vm.Moref+`"}]}`)
		var names, expected []string
		for _, id := range objects[0].TagIDs {
			names = append(names, byID[id])
		}
		for category, tags := range vm.Tags {
			for _, tag := range tags {
				expected = append(expected, category+"/"+tag)
			}
		}
		slices.Sort(names)
		slices.Sort(expected)
		same(t, vm.Name, names, expected)

		var tagged []struct {
			ObjectIDs []map[string]string `json:"object_ids"`
		}
		tag := want.TagCategories[0].Tags[0]
		get(&tagged, "POST", form.tagging+"/tag-association?"+form.action+"=list-attached-objects-on-tags", session, `{"tag_ids":["`+tag.ID+`"]}`)
		same(t, tag.Name, len(tagged[0].ObjectIDs), tag.Attached)

		status, _ := restCall(t, v, "DELETE", form.session, session, "")
		same(t, "status", status, map[bool]int{true: 200, false: 204}[old])
		status, _ = restCall(t, v, "GET", form.tagging+"/tag", session, "")
		same(t, "after the end", status, http.StatusUnauthorized)
	}
}
