// Command simulator is a stand-in for a vCenter server. It serves one of a few
// made-up estates over TLS and writes down, in truth.json, what it made.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const passwordVariable = "SIMULATOR_PASSWORD"

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "simulator:", err)
		}
		os.Exit(1)
	}
}

func parse(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	flags.StringVar(&o.scene, "scene", "plain", "what to simulate: plain, demo, awkward or networks")
	flags.IntVar(&o.hosts, "hosts", 0, "number of hosts (plain: 10, awkward: 8)")
	flags.IntVar(&o.vms, "vms", 0, "number of machines (plain: 100, awkward: 12)")
	flags.IntVar(&o.clusters, "clusters", 0, "number of clusters (default 2)")
	flags.StringVar(&o.username, "username", "administrator@vsphere.local", "account that may log in")
	flags.StringVar(&o.workdir, "workdir", "", "where to write ca.pem and truth.json (default: a temporary directory)")
	flags.StringVar(&o.guests, "guests", "", "a folder with a folder for each machine whose inside is to be had; its programs run for real")
	flags.DurationVar(&o.delay, "delay", 0, "how long every SOAP call waits before it is answered, in whole milliseconds")
	flags.DurationVar(&o.sessionTimeout, "session-timeout", 0, "end sessions that were idle for this long; 0 never does")
	flags.BoolVar(&stockReads, "stock-collector", false, "answer reads with govmomi's own property collector")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.password = os.Getenv(passwordVariable); o.password == "" {
		return o, fmt.Errorf("the environment variable %s is not set", passwordVariable)
	}
	return o, nil
}

// announcement is the one line printed when the simulator listens.
type announcement struct {
	Host             string `json:"host"`
	Port             int    `json:"port"`
	URL              string `json:"url"`
	Username         string `json:"username"`
	CAFile           string `json:"ca_file"`
	ThumbprintSHA256 string `json:"thumbprint_sha256"`
	ThumbprintSHA1   string `json:"thumbprint_sha1"`
	TruthFile        string `json:"truth_file"`
}

// run serves, and changes the estate as its input says (see control), until its input ends, so that a parent that dies, however abruptly,
// takes the simulator along.
func run(arguments []string, stdin io.Reader, stdout io.Writer) error {
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	if o.workdir == "" {
		if o.workdir, err = os.MkdirTemp("", "simulator-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.workdir)
	} else if o.workdir, err = filepath.Abs(o.workdir); err != nil {
		return err
	} else if err = os.MkdirAll(o.workdir, 0o700); err != nil {
		return err
	}

	vcenter, err := start(o)
	if err != nil {
		return err
	}
	defer vcenter.stop()
	if err := json.NewEncoder(stdout).Encode(vcenter.announcement); err != nil {
		return err
	}

	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGTERM, os.Interrupt)
	go func() {
		vcenter.control.obey(stdin, stdout)
		over <- syscall.SIGTERM
	}()
	<-over
	return nil
}

type options struct {
	listen, scene, username, password, workdir, guests string
	hosts, vms, clusters                               int
	sessionTimeout, delay                              time.Duration
}
