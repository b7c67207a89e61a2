package main

import (
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vapi/rest"
)

// api is the newer form of the session and tagging calls, which vCenter 7.0 U2
// and later have under /api: the same without the envelope, with ids in the path
// as they are, and "action" for "~action". The stock simulator has only the older.
type api struct{ older http.Handler }

var problems = map[int]string{
	http.StatusUnauthorized: "UNAUTHENTICATED", http.StatusNotFound: "NOT_FOUND", http.StatusBadRequest: "INVALID_ARGUMENT",
}

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	older := r.Clone(r.Context())
	older.URL.Path = rest.Path + "/com/vmware" + olderPath(strings.TrimPrefix(r.URL.Path, "/api"))
	older.URL.RawPath = ""
	query := older.URL.Query()
	if action := query.Get("action"); action != "" {
		query.Set("~action", action)
		query.Del("action")
	}
	older.URL.RawQuery = query.Encode()
	answered := newAnswer()
	a.older.ServeHTTP(answered, older)

	w.Header().Set("Content-Type", "application/json")
	if answered.status != http.StatusOK {
		w.WriteHeader(answered.status)
		_, _ = w.Write([]byte(`{"error_type":"` + orDefault(problems[answered.status], "ERROR") + `","messages":[]}`))
		return
	}
	value, err := answered.value()
	switch {
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost && r.URL.Path == "/api/session":
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(value)
	default:
		_, _ = w.Write(value)
	}
}

// olderPath gives an id in the path its prefix.
func olderPath(path string) string {
	if path == "/session" {
		return "/cis/session"
	}
	parts := strings.Split(path, "/") // "", "cis", "tagging", kind, id
	if len(parts) == 5 && parts[4] != "" {
		parts[4] = "id:" + parts[4]
	}
	return strings.Join(parts, "/")
}
