package main

import (
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// guests are the insides of machines, each a folder of the test's named as its
// machine. Programs of a Linux guest are real processes of this computer, as the
// user of the simulator; the guest's files are below root. In the folder:
//
//	account.json      user name and password that the guest takes
//	environment.json  the environment of its programs
//	moves.json        texts that are replaced in uploaded files, for a root that is none
//	program           what runs for every program of a Windows guest: path, arguments, root
//	calls             what was asked, a line of JSON each
//	stopped, refuses, keeps, forgets, sends-to   files that make it fail: no Tools, no
//	                  transfers, nothing is deleted, no processes that have ended,
//	                  another host for transfers
type guests struct {
	folder string

	mu        sync.Mutex
	transfers map[string]transfer
	processes map[string]map[int64]*types.GuestProcessInfo // by machine
}

type transfer struct {
	guest     *guest
	upload    bool
	path      string
	mode      os.FileMode
	size      int64
	overwrite bool
}

type guest struct {
	*guests
	name, folder string
	windows      bool
}

// serveGuests takes the place of the stock guest operations, which need Docker.
func serveGuests(e *estate, folder string, mux *http.ServeMux) {
	if folder == "" {
		return
	}
	g := &guests{folder: folder, transfers: map[string]transfer{}, processes: map[string]map[int64]*types.GuestProcessInfo{}}
	manager := e.ctx.Map.Get(*e.content().GuestOperationsManager).(*simulator.GuestOperationsManager)
	manager.AuthManager = &types.ManagedObjectReference{Type: "GuestAuthManager", Value: "guestOperationsAuthManager"}
	e.ctx.Map.Put(&guestAuth{GuestAuthManager: mo.GuestAuthManager{Self: *manager.AuthManager}, guests: g})
	e.ctx.Map.Put(&guestFiles{GuestFileManager: mo.GuestFileManager{Self: *manager.FileManager}, guests: g})
	e.ctx.Map.Put(&guestProcesses{GuestProcessManager: mo.GuestProcessManager{Self: *manager.ProcessManager}, guests: g})
	mux.HandleFunc("/guestFile", g.serveFile)
}

// enter is the guest of a machine, if it lets the account in.
func (g *guests) enter(
	ctx *simulator.Context, vm types.ManagedObjectReference, auth types.BaseGuestAuthentication, operation string, about ...string,
) (*guest, *soap.Fault) {
	machine, ok := ctx.Map.Get(vm).(*simulator.VirtualMachine)
	if !ok {
		return nil, faultOf(&types.ManagedObjectNotFound{Obj: vm})
	}
	in := &guest{
		guests: g, name: machine.Name, folder: filepath.Join(g.folder, machine.Name),
		windows: machine.Guest != nil && machine.Guest.GuestFamily == windows,
	}
	in.note(operation, about...)
	var account struct{ Username, Password string }
	if in.has("stopped") || machine.Runtime.PowerState != on || !in.read("account.json", &account) {
		return nil, faultOf(new(types.GuestOperationsUnavailable))
	}
	given, ok := auth.(*types.NamePasswordAuthentication)
	if !ok || given.Username != account.Username || given.Password != account.Password {
		return nil, faultOf(new(types.InvalidGuestLogin))
	}
	return in, nil
}

func (g *guest) note(operation string, about ...string) {
	line, _ := json.Marshal(append([]string{operation}, about...))
	file, err := os.OpenFile(filepath.Join(g.folder, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // a machine without a folder
	}
	defer file.Close()
	_, _ = file.Write(append(line, '\n'))
}

func (g *guest) has(name string) bool {
	_, err := os.Stat(filepath.Join(g.folder, name))
	return err == nil
}

func (g *guest) read(name string, into any) bool {
	text, err := os.ReadFile(filepath.Join(g.folder, name))
	return err == nil && json.Unmarshal(text, into) == nil
}

func (g *guest) root() string { return filepath.Join(g.folder, "root") }

// real is where a path of the guest is on this computer.
func (g *guest) real(of string) string {
	if g.windows {
		of = strings.ReplaceAll(strings.Replace(of, ":", "", 1), `\`, "/")
	}
	if strings.HasPrefix(of, g.root()) {
		return filepath.Clean(of)
	}
	return filepath.Join(g.root(), path.Clean("/"+of))
}

func fileFault(name string, err error) *soap.Fault {
	about := types.FileFault{File: name}
	switch {
	case err == nil:
		return nil
	case os.IsNotExist(err):
		return faultOf(&types.FileNotFound{FileFault: about})
	case os.IsExist(err):
		return faultOf(&types.FileAlreadyExists{FileFault: about})
	}
	return faultOf(&types.CannotAccessFile{FileFault: about})
}

type guestAuth struct {
	mo.GuestAuthManager
	*guests
}

func (m *guestAuth) ValidateCredentialsInGuest(ctx *simulator.Context, r *types.ValidateCredentialsInGuest) soap.HasFault {
	body := new(methods.ValidateCredentialsInGuestBody)
	if _, body.Fault_ = m.enter(ctx, r.Vm, r.Auth, "ValidateCredentials"); body.Fault_ == nil {
		body.Res = new(types.ValidateCredentialsInGuestResponse)
	}
	return body
}

type guestFiles struct {
	mo.GuestFileManager
	*guests
}

func (m *guestFiles) CreateTemporaryDirectoryInGuest(ctx *simulator.Context, r *types.CreateTemporaryDirectoryInGuest) soap.HasFault {
	body := new(methods.CreateTemporaryDirectoryInGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "CreateTemporaryDirectory", r.Prefix)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	parent := filepath.Join(in.root(), "tmp")
	if in.windows {
		parent = filepath.Join(in.root(), "C", "Users", "admin", "AppData", "Local", "Temp")
	}
	err := os.MkdirAll(parent, 0o755)
	made := ""
	if err == nil {
		made, err = os.MkdirTemp(parent, r.Prefix)
	}
	if body.Fault_ = fileFault(parent, err); err != nil {
		return body
	}
	if in.windows {
		made = `C:\Users\admin\AppData\Local\Temp\` + filepath.Base(made)
	}
	body.Res = &types.CreateTemporaryDirectoryInGuestResponse{Returnval: made}
	return body
}

func (m *guestFiles) InitiateFileTransferToGuest(ctx *simulator.Context, r *types.InitiateFileTransferToGuest) soap.HasFault {
	body := new(methods.InitiateFileTransferToGuestBody)
	mode := os.FileMode(0o644)
	if posix, ok := r.FileAttributes.(*types.GuestPosixFileAttributes); ok && posix.Permissions != 0 {
		mode = os.FileMode(posix.Permissions)
	}
	in, fault := m.enter(ctx, r.Vm, r.Auth, "TransferTo", r.GuestFilePath, fmt.Sprintf("%o", mode))
	if body.Fault_ = fault; fault != nil {
		return body
	}
	if _, err := os.Stat(in.real(r.GuestFilePath)); err == nil && !r.Overwrite {
		body.Fault_ = fileFault(r.GuestFilePath, os.ErrExist)
		return body
	}
	address := m.ticket(ctx, transfer{guest: in, upload: true, path: r.GuestFilePath, mode: mode, size: r.FileSize, overwrite: r.Overwrite})
	body.Res = &types.InitiateFileTransferToGuestResponse{Returnval: address}
	return body
}

func (m *guestFiles) InitiateFileTransferFromGuest(ctx *simulator.Context, r *types.InitiateFileTransferFromGuest) soap.HasFault {
	body := new(methods.InitiateFileTransferFromGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "TransferFrom", r.GuestFilePath)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	found, err := os.Stat(in.real(r.GuestFilePath))
	if body.Fault_ = fileFault(r.GuestFilePath, err); err != nil {
		return body
	}
	body.Res = &types.InitiateFileTransferFromGuestResponse{Returnval: types.FileTransferInformation{
		Attributes: new(types.GuestFileAttributes), Size: found.Size(),
		Url: m.ticket(ctx, transfer{guest: in, path: r.GuestFilePath}),
	}}
	return body
}

// ticket is an address that is good for one transfer.
func (g *guests) ticket(_ *simulator.Context, t transfer) string {
	key := rand.Text()
	g.mu.Lock()
	g.transfers[key] = t
	g.mu.Unlock()
	host := "*:443" // the client knows better how it gets here
	if other, err := os.ReadFile(filepath.Join(t.guest.folder, "sends-to")); err == nil {
		host = strings.TrimSpace(string(other))
	}
	return (&url.URL{Scheme: "https", Host: host, Path: "/guestFile", RawQuery: "id=1&token=" + key}).String()
}

func (g *guests) serveFile(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("token")
	g.mu.Lock()
	t, known := g.transfers[key]
	delete(g.transfers, key)
	g.mu.Unlock()
	if !known || t.upload != (r.Method == http.MethodPut) {
		http.Error(w, "no such transfer", http.StatusNotFound)
		return
	}
	if r.Header.Get("Cookie") != "" {
		t.guest.note("Cookie", t.path)
	}
	if t.guest.has("refuses") {
		http.Error(w, "the guest does not answer", http.StatusInternalServerError)
		return
	}
	if !t.upload {
		http.ServeFile(w, r, t.guest.real(t.path))
		return
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || int64(len(text)) != t.size {
		http.Error(w, "the file is not as long as was said", http.StatusBadRequest)
		return
	}
	moves := map[string]string{}
	t.guest.read("moves.json", &moves)
	moved := string(text)
	for from, to := range moves {
		moved = strings.ReplaceAll(moved, from, to)
	}
	if err := os.WriteFile(t.guest.real(t.path), []byte(moved), t.mode); err != nil {
		http.Error(w, "the file cannot be written", http.StatusInternalServerError)
	}
}

func (m *guestFiles) ListFilesInGuest(ctx *simulator.Context, r *types.ListFilesInGuest) soap.HasFault {
	body := new(methods.ListFilesInGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "ListFiles", r.FilePath, r.MatchPattern)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	entries, err := os.ReadDir(in.real(r.FilePath))
	if body.Fault_ = fileFault(r.FilePath, err); err != nil {
		return body
	}
	body.Res = new(types.ListFilesInGuestResponse)
	for _, entry := range entries {
		if matched, _ := regexp.MatchString(r.MatchPattern, entry.Name()); matched {
			body.Res.Returnval.Files = append(body.Res.Returnval.Files, types.GuestFileInfo{
				Path: entry.Name(), Type: "directory", Attributes: new(types.GuestFileAttributes),
			})
		}
	}
	return body
}

func (m *guestFiles) DeleteFileInGuest(ctx *simulator.Context, r *types.DeleteFileInGuest) soap.HasFault {
	body := new(methods.DeleteFileInGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "DeleteFile", r.FilePath)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	if body.Fault_ = fileFault(r.FilePath, os.Remove(in.real(r.FilePath))); body.Fault_ == nil {
		body.Res = new(types.DeleteFileInGuestResponse)
	}
	return body
}

func (m *guestFiles) DeleteDirectoryInGuest(ctx *simulator.Context, r *types.DeleteDirectoryInGuest) soap.HasFault {
	body := new(methods.DeleteDirectoryInGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "DeleteDirectory", r.DirectoryPath)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	place := in.real(r.DirectoryPath)
	_, err := os.Stat(place)
	switch {
	case err == nil && in.has("keeps"):
		err = os.ErrPermission
	case err == nil && r.Recursive:
		err = os.RemoveAll(place)
	case err == nil:
		err = os.Remove(place)
	}
	if body.Fault_ = fileFault(r.DirectoryPath, err); err == nil {
		body.Res = new(types.DeleteDirectoryInGuestResponse)
	}
	return body
}

type guestProcesses struct {
	mo.GuestProcessManager
	*guests
}

func (m *guestProcesses) ReadEnvironmentVariableInGuest(ctx *simulator.Context, r *types.ReadEnvironmentVariableInGuest) soap.HasFault {
	body := new(methods.ReadEnvironmentVariableInGuestBody)
	if _, body.Fault_ = m.enter(ctx, r.Vm, r.Auth, "ReadEnvironmentVariable", r.Names...); body.Fault_ == nil {
		body.Res = &types.ReadEnvironmentVariableInGuestResponse{Returnval: []string{`SystemRoot=C:\Windows`}}
	}
	return body
}

// StartProgramInGuest hands a command line to a shell in Linux, as the Tools do.
func (m *guestProcesses) StartProgramInGuest(ctx *simulator.Context, r *types.StartProgramInGuest) soap.HasFault {
	body := new(methods.StartProgramInGuestBody)
	spec := r.Spec.GetGuestProgramSpec()
	in, fault := m.enter(ctx, r.Vm, r.Auth, "StartProgram", append([]string{spec.ProgramPath, spec.Arguments}, spec.EnvVariables...)...)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	command := exec.Command("/bin/sh", "-c", fmt.Sprintf(`exec "%s" %s`, spec.ProgramPath, spec.Arguments))
	if in.windows {
		command = exec.Command(filepath.Join(in.folder, "program"), spec.ProgramPath, spec.Arguments, in.root())
	}
	environment := map[string]string{}
	in.read("environment.json", &environment)
	command.Env = spec.EnvVariables
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		body.Fault_ = fileFault(spec.ProgramPath, err)
		return body
	}
	pid := int64(command.Process.Pid)
	info := &types.GuestProcessInfo{
		Name: path.Base(spec.ProgramPath), Pid: pid, Owner: "root", CmdLine: spec.ProgramPath + " " + spec.Arguments, StartTime: time.Now(),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.processes[in.name] == nil {
		m.processes[in.name] = map[int64]*types.GuestProcessInfo{}
	}
	m.processes[in.name][pid] = info
	go func() {
		_ = command.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		now := time.Now()
		info.EndTime, info.ExitCode = &now, int32(command.ProcessState.ExitCode())
	}()
	body.Res = &types.StartProgramInGuestResponse{Returnval: pid}
	return body
}

// processList is the stock body, which leaves out an exit code of 0.
type processList struct {
	Res    *processListResponse `xml:"ListProcessesInGuestResponse,omitempty"`
	Fault_ *soap.Fault          `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault,omitempty"`
}

type processListResponse struct {
	XMLName   xml.Name      `xml:"urn:vim25 ListProcessesInGuestResponse"`
	Returnval []processInfo `xml:"returnval,omitempty"`
}

type processInfo struct {
	types.GuestProcessInfo
	ExitCode *int32 `xml:"exitCode,omitempty"`
}

func (b *processList) Fault() *soap.Fault { return b.Fault_ }

func (m *guestProcesses) ListProcessesInGuest(ctx *simulator.Context, r *types.ListProcessesInGuest) soap.HasFault {
	body := new(processList)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "ListProcesses")
	if body.Fault_ = fault; fault != nil {
		return body
	}
	body.Res = new(processListResponse)
	m.mu.Lock()
	defer m.mu.Unlock()
	for pid, info := range m.processes[in.name] {
		asked := len(r.Pids) == 0
		for _, one := range r.Pids {
			asked = asked || one == pid
		}
		if asked && !(in.has("forgets") && info.EndTime != nil) {
			told := processInfo{GuestProcessInfo: *info}
			if info.EndTime != nil {
				told.ExitCode = &told.GuestProcessInfo.ExitCode
			}
			body.Res.Returnval = append(body.Res.Returnval, told)
		}
	}
	return body
}

// TerminateProcessInGuest sends TERM and, to what does not end for it, KILL.
func (m *guestProcesses) TerminateProcessInGuest(ctx *simulator.Context, r *types.TerminateProcessInGuest) soap.HasFault {
	body := new(methods.TerminateProcessInGuestBody)
	in, fault := m.enter(ctx, r.Vm, r.Auth, "TerminateProcess")
	if body.Fault_ = fault; fault != nil {
		return body
	}
	m.mu.Lock()
	info := m.processes[in.name][r.Pid]
	m.mu.Unlock()
	if info == nil {
		body.Fault_ = faultOf(&types.GuestProcessNotFound{Pid: r.Pid})
		return body
	}
	_ = syscall.Kill(int(r.Pid), syscall.SIGTERM)
	body.Res = new(types.TerminateProcessInGuestResponse)
	return body
}
