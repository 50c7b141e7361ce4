package observe

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

func TestFindRealGopls(t *testing.T) {
	path := worldtest.Gopls(t, "")
	if runtime.GOOS == "linux" {
		// A copy, to be removed while it runs.
		copied := filepath.Join(t.TempDir(), "gopls")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, data, 0o755); err != nil {
			t.Fatal(err)
		}
		path = copied
	}
	cmd := exec.Command(path, "-mode=stdio")
	cmd.Env = []string{"GOPRIVATE=corp.example\nsecond line", "GOFLAGS=", "SECRET=x", "PATH=" + os.Getenv("PATH")} // without HOME it leaves no files behind
	stdin, err := cmd.StdinPipe()                                                                                  // never closed, so that it stays
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	})
	w := world.Real()

	// Our own process stands for the editor, so nothing below it may count as
	// what we started.
	w.PID = -1
	seen, faults := findGopls(t.Context(), w, os.Getpid())
	if len(faults) > 0 || len(seen) != 1 {
		t.Fatalf("found %d, faults %+v; want the one that was started", len(seen), faults)
	}
	g := seen[0]
	built, err := exec.Command("go", "version", "-m", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{": " + g.GoVersion + "\n", "\tmod\t" + goplsModule + "\t" + g.Version + "\t"} {
		if !strings.Contains(string(built), want) {
			t.Errorf("gopls %q built by %q; go version -m says:\n%.200s", g.Version, g.GoVersion, built)
		}
	}
	exe, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	if g.PID != cmd.Process.Pid || g.Exe != exe || g.Started.IsZero() || g.Remote != "" || g.Listens != "" || g.Replaced {
		t.Errorf("found %+v; want process %d of %s", g.GoplsProcess, cmd.Process.Pid, exe)
	}
	want := map[string]string{"GOPRIVATE": "corp.example\nsecond line", "GOFLAGS": "", "PATH": os.Getenv("PATH")}
	if d := cmp.Diff(want, g.Environ); d != "" {
		t.Error(d)
	}

	if runtime.GOOS != "linux" {
		return
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	seen, faults = findGopls(t.Context(), w, os.Getpid())
	if len(faults) > 0 || len(seen) != 1 || !seen[0].Replaced {
		t.Fatalf("after the binary was removed: %+v, faults %+v", seen, faults)
	}
	if d := cmp.Diff(g.GoplsProcess, seen[0].GoplsProcess); d != "" {
		t.Errorf("after the binary was removed: %s", d)
	}
}

func TestFindGopls(t *testing.T) {
	const gopls = "exe /home/gopher/go/bin/gopls\n"
	const one = "-- env/gopls --\nGOPROXY=off\nSECRET=x\n-- proc/300 --\nppid 100\nenviron gopls\nargs gopls -mode=stdio\n" + gopls
	found := func(pid int) goplsSeen {
		return goplsSeen{GoplsProcess: model.GoplsProcess{PID: pid, Exe: "/home/gopher/go/bin/gopls"}, Environ: map[string]string{"GOPROXY": "off"}}
	}
	remote := func(g goplsSeen) goplsSeen { g.Remote = "auto"; return g }
	listens := func(g goplsSeen) goplsSeen { g.Listens = "unix;/run/x"; return g }
	for name, test := range map[string]struct {
		sections string
		want     []goplsSeen
		faults   []string
	}{
		"none":             {"-- proc/300 --\nppid 100\nexe /usr/bin/node\nargs node gopls\n", nil, nil},
		"one":              {one, []goplsSeen{found(300)}, nil},
		"not below us":     {strings.ReplaceAll(one, "ppid 100", "ppid 200") + "-- proc/200 --\nppid 100\n", nil, nil},
		"elsewhere":        {strings.ReplaceAll(one, "ppid 100", "ppid 1"), nil, nil},
		"its children":     {one + "-- proc/301 --\nppid 300\nargs /x/gopls \"** telemetry **\"\nenviron gopls\n" + gopls + "-- proc/302 --\nppid 300\nexe /usr/lib/go/bin/go\nargs go list\n-- proc/303 --\nppid 300\nargs gopls -mode=stdio\n" + gopls, []goplsSeen{found(300)}, nil},
		"deep below":       {strings.ReplaceAll(one, "ppid 100", "ppid 250") + "-- proc/250 --\nppid 100\nexe /bin/sh\nargs sh gopls.sh\n", []goplsSeen{found(300)}, nil},
		"a command":        {strings.ReplaceAll(one, "-mode=stdio", "version"), nil, nil},
		"serve":            {strings.ReplaceAll(one, "-mode=stdio", "serve"), []goplsSeen{found(300)}, nil},
		"no arguments":     {strings.ReplaceAll(one, "args gopls -mode=stdio\n", ""), []goplsSeen{found(300)}, nil},
		"on Windows":       {strings.ReplaceAll(one, "bin/gopls", "bin/Gopls.EXE"), []goplsSeen{{GoplsProcess: model.GoplsProcess{PID: 300, Exe: "/home/gopher/go/bin/Gopls.EXE"}, Environ: map[string]string{"GOPROXY": "off"}}}, nil},
		"replaced":         {strings.ReplaceAll(one, "bin/gopls", "bin/gopls (deleted)"), []goplsSeen{{GoplsProcess: found(300).GoplsProcess, Environ: found(300).Environ, Replaced: true}}, nil},
		"looks alike":      {strings.ReplaceAll(one, "bin/gopls", "bin/goplsx"), nil, nil},
		"two, older first": {one + strings.ReplaceAll(strings.ReplaceAll(one, "proc/300", "proc/301"), "-- env/gopls --\nGOPROXY=off\nSECRET=x\n", "") + "started 2025-01-01T00:00:00Z\n", []goplsSeen{found(301), found(300)}, nil},
		"forwards":         {strings.ReplaceAll(one, "-mode=stdio", "-remote=auto"), []goplsSeen{remote(found(300))}, nil},
		"forwards, with its daemon": {
			strings.ReplaceAll(one, "-mode=stdio", "-remote auto") + "-- proc/301 --\nppid 300\nenviron gopls\nargs gopls serve -listen \"unix;/run/x\"\n" + gopls,
			[]goplsSeen{remote(found(300)), listens(found(301))},
			nil,
		},
		"remote switched off": {strings.ReplaceAll(one, "-mode=stdio", "-remote="), []goplsSeen{found(300)}, nil},
		"no environment":      {strings.ReplaceAll(one, "environ gopls\n", ""), []goplsSeen{{GoplsProcess: found(300).GoplsProcess}}, []string{"does not reveal"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := worldtest.Make(t, test.sections)
			got, faults := findGopls(t.Context(), w, 100)
			if d := cmp.Diff(test.want, got, cmpopts.IgnoreFields(model.GoplsProcess{}, "Started"), cmpopts.IgnoreFields(goplsSeen{}, "PPID")); d != "" {
				t.Error(d)
			}
			if len(faults) != len(test.faults) {
				t.Fatalf("faults %+v; want %q", faults, test.faults)
			}
			for i, f := range faults {
				if !strings.Contains(f.Text, test.faults[i]) || !cmp.Equal(f.Hides, []string{string(model.EnvGopls)}) {
					t.Errorf("fault %+v; want %q", f, test.faults[i])
				}
			}
		})
	}
}

// denied is a world in which other processes do not let us look at them.
type denied struct{ world.Processes }

func (denied) Environ(context.Context, int) ([]string, error) { return nil, fs.ErrPermission }

func TestFindGoplsOfAnotherUser(t *testing.T) {
	// Its binary is hidden, its command line is not.
	w, _ := worldtest.Make(t, "-- proc/300 --\nppid 100\nargs /opt/gopls serve\n")
	w.Processes = denied{w.Processes}
	seen, faults := findGopls(t.Context(), w, 100)
	if len(seen) != 1 || seen[0].PID != 300 || seen[0].Environ != nil || seen[0].Version != "" {
		t.Errorf("found %+v", seen)
	}
	if len(faults) != 1 || !strings.Contains(faults[0].Text, "another user") {
		t.Errorf("faults %+v", faults)
	}
}

func TestFindGoplsWithoutEditor(t *testing.T) {
	w, _ := worldtest.Make(t, "")
	if seen, faults := findGopls(t.Context(), w, 999); len(seen) != 0 || len(faults) != 1 {
		t.Errorf("found %+v, faults %+v", seen, faults)
	}
}

func TestProcessEnviron(t *testing.T) {
	w, _ := worldtest.Make(t, "-- env/e --\nGOPROXY=first\nGOPROXY=second\nSECRET=x\nGOFLAGS=\nhttps_proxy=p\n-- proc/150 --\nppid 100\nenviron e\n")
	got, err := processEnviron(t.Context(), w, 150)
	if d := cmp.Diff(map[string]string{"GOPROXY": "first", "GOFLAGS": "", "https_proxy": "p"}, got); d != "" || err != nil {
		t.Errorf("%v; %s", err, d)
	}
	if vars, err := processEnviron(t.Context(), w, 999); err == nil {
		t.Errorf("process 999 has %v", vars)
	}
}
