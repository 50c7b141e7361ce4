package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// machine is a lab whose go command notes every run.
type machine struct {
	*worldtest.Lab
	b      *testing.B
	root   string // what passes for GOROOT
	realGo string
}

// goRun is one run of the go command.
type goRun struct {
	Args, Env  []string
	Dir        string
	Start, End time.Time
}

// Files below machine.root that our go reads and writes.
const (
	realGoFile = "real-go.txt" // holds the path of the real one
	runsFile   = "runs.json"   // a goRun a line
)

func newMachine(b *testing.B) machine {
	b.Helper()
	goroot := goroot(b)
	m := machine{worldtest.NewLab(b), b, b.TempDir(), filepath.Join(goroot, "bin", executable("go"))}
	// With these two files it is a GOROOT: gophantom need not run a command to
	// find out which Go that is, as with any Go that is installed.
	for _, name := range []string{"VERSION", "go.env"} {
		data, err := os.ReadFile(filepath.Join(goroot, name))
		if err != nil {
			b.Fatal(err)
		}
		m.Write(filepath.Join(m.root, name), string(data))
	}
	m.Write(filepath.Join(m.root, realGoFile), m.realGo)
	bin := filepath.Dir(copySelf(b, filepath.Join(m.root, "bin"), "go"))
	m.Env["PATH"] = bin + string(filepath.ListSeparator) + m.Env["PATH"]
	// The PATH of a login shell begins anew, so a start-up file says where Go is.
	m.Env["SHELL"] = "/bin/sh"
	m.Write(filepath.Join(m.Home, ".profile"), "PATH=\""+bin+":$PATH\"\n")
	// As after "go env -w GOPROXY=file://…".
	m.Env["GOENV"] = filepath.Join(m.Home, "goenv")
	m.Write(m.Env["GOENV"], "GOPROXY=file://"+filepath.ToSlash(m.Proxy)+"\n")
	return m
}

func goroot(b *testing.B) string {
	b.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// command is a command with the environment of this machine.
func (m machine) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	for name, value := range m.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// goCommand is a run of the real go, which nobody notes.
func (m machine) goCommand(dir string, args ...string) *exec.Cmd {
	return m.command(dir, m.realGo, args...)
}

// runs returns the runs of go since the last call.
func (m machine) runs() []goRun {
	m.b.Helper()
	file := filepath.Join(m.root, runsFile)
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		m.b.Fatal(err)
	}
	var runs []goRun
	for line := range bytes.Lines(data) {
		var r goRun
		if err := json.Unmarshal(line, &r); err != nil {
			m.b.Fatal(err)
		}
		runs = append(runs, r)
	}
	return runs
}

// noteAndRunGo runs the real go and notes it.
func noteAndRunGo() (exit int) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	root := filepath.Dir(filepath.Dir(self))
	program, err := os.ReadFile(filepath.Join(root, realGoFile))
	if err != nil {
		panic(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	run := goRun{Args: os.Args[1:], Env: os.Environ(), Dir: dir, Start: time.Now()}
	cmd := exec.Command(string(program), run.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	var exited *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
		panic(err)
	}
	run.End = time.Now()
	line, err := json.Marshal(run)
	if err != nil {
		panic(err)
	}
	log, err := os.OpenFile(filepath.Join(root, runsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer log.Close()
	if _, err := log.Write(append(line, '\n')); err != nil {
		panic(err)
	}
	return cmd.ProcessState.ExitCode()
}

// again is the same run of the real go, which nobody notes.
func (m machine) again(r goRun) *exec.Cmd {
	cmd := exec.Command(m.realGo, r.Args...)
	cmd.Dir, cmd.Env = r.Dir, r.Env
	return cmd
}

// time runs a command, which must succeed, and returns how long it took.
func (m machine) time(cmd *exec.Cmd) time.Duration {
	m.b.Helper()
	started := time.Now()
	out, err := cmd.Output()
	if err != nil {
		var exited *exec.ExitError
		if errors.As(err, &exited) {
			out = append(out, exited.Stderr...)
		}
		m.b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return time.Since(started)
}
