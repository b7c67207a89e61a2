package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	apiVersion = "8.0.3.0"
	version    = "8.0.3"
	build      = "24322831"
)

// vcenter is a running simulator.
type vcenter struct {
	announcement

	model   *simulator.Model
	server  *simulator.Server
	control *control
}

func about(scene string) types.AboutInfo {
	return types.AboutInfo{
		Name:                  "VMware vCenter Server",
		FullName:              "VMware vCenter Server " + version + " build-" + build + " (govmomi simulator)",
		Vendor:                "VMware, Inc.",
		Version:               version,
		PatchLevel:            "00300",
		Build:                 build,
		LocaleVersion:         "INTL",
		LocaleBuild:           "000",
		OsType:                "linux-x64",
		ProductLineId:         "vpx",
		ApiType:               "VirtualCenter",
		ApiVersion:            apiVersion,
		InstanceUuid:          stableUUID(scene, "vcenter"),
		LicenseProductName:    "VMware VirtualCenter Server",
		LicenseProductVersion: "8.0",
	}
}

// start builds the scene, serves it and writes ca.pem and truth.json.
func start(o options) (v *vcenter, err error) {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return nil, err
	}
	certificate, err := issue(host)
	if err != nil {
		return nil, err
	}

	model := simulator.VPX()
	model.ServiceContent.About = about(o.scene)
	model.Datacenter = 0 // the scene makes its own
	if err := model.Create(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			model.Remove()
		}
	}()

	e := newEstate(model.Service.Context, o.scene)
	if err := e.build(o); err != nil {
		return nil, err
	}
	if o.sessionTimeout > 0 {
		settings := e.ctx.Map.OptionManager()
		settings.Setting = append(settings.Setting, &types.OptionValue{
			Key: "config.vmacore.soap.sessionTimeout", Value: o.sessionTimeout.String(),
		})
	}

	v = &vcenter{model: model}
	v.CAFile = filepath.Join(o.workdir, "ca.pem")
	v.TruthFile = filepath.Join(o.workdir, "truth.json")
	if err := certificate.writeAuthority(v.CAFile); err != nil {
		return nil, err
	}
	if err := e.truth.write(v.TruthFile); err != nil {
		return nil, err
	}
	e.forgetTruth()
	model.DelayConfig.Delay = int(o.delay.Milliseconds())
	v.control = &control{
		e: e, ctx: &simulator.Context{Context: context.Background(), Map: e.ctx.Map}, removed: map[*machine]bool{},
	}

	service := model.Service
	service.Listen = &url.URL{Host: o.listen, User: url.UserPassword(o.username, o.password)}
	service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.server}, MinVersion: tls.VersionTLS12}
	service.ServeMux = http.NewServeMux()
	service.ServeMux.HandleFunc("GET /sdk/vimServiceVersions.xml", serviceVersions)
	serveGuests(e, o.guests, service.ServeMux)
	if err := e.tags.serve(service.ServeMux, service.Listen, e.ctx.Map); err != nil {
		return nil, err
	}
	if v.server, err = listen(service); err != nil {
		return nil, err
	}

	v.Host = v.server.URL.Hostname()
	v.Port, _ = strconv.Atoi(v.server.URL.Port())
	v.URL = (&url.URL{Scheme: "https", Host: v.server.URL.Host, Path: "/sdk"}).String()
	v.Username = o.username
	v.ThumbprintSHA256, v.ThumbprintSHA1 = certificate.thumbprints()
	return v, nil
}

// listen turns the panic of an address that cannot be used into an error.
func listen(service *simulator.Service) (server *simulator.Server, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	return service.NewServer(), nil
}

// stop does not wait for open requests: a client may be inside a long poll.
func (v *vcenter) stop() {
	_ = v.server.Listener.Close()
	v.model.Remove()
}

// priorVersions are what a vCenter 8.0.3 says it also speaks. The stock answer
// leaves out everything between its own version and 6.0.
var priorVersions = []string{
	"8.0.2.0", "8.0.1.0", "8.0.0.1", "7.0.3.2", "7.0.3.1", "7.0.3.0", "7.0.2.1", "7.0.2.0", "7.0.1.1", "7.0.1.0",
	"7.0.0.2", "7.0.0.0", "6.9.1", "6.8.7", "6.7.3", "6.7.2", "6.7.1", "6.7", "6.5", "6.0", "5.5",
}

func serviceVersions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>
<namespaces version="1.0">
 <namespace>
  <name>urn:vim25</name>
  <version>`+apiVersion+`</version>
  <priorVersions><version>`+strings.Join(priorVersions, "</version><version>")+`</version></priorVersions>
 </namespace>
</namespaces>
`)
}
