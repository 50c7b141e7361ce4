package observe

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestSumLive asks the go command what it makes of a go.sum, and reads the same
// file: it must complain about the line that we find, or miss what we miss.
func TestSumLive(t *testing.T) {
	lab := worldtest.NewLab(t)
	file := filepath.Join(lab.Dir, "go.sum")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	lines := strings.SplitAfter(strings.TrimSuffix(good, "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("go.sum of the lab: %q", good)
	}
	zip, mod := lines[0], lines[1]
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy}, "list", "-deps", ".") // fill the cache
	other := "h1:" + strings.Repeat("A", 43) + "="
	for name, text := range map[string]string{
		"as written":         good,
		"without line end":   strings.TrimSuffix(good, "\n"),
		"CRLF":               strings.ReplaceAll(strings.TrimSuffix(good, "\n")+"\n", "\n", "\r\n"),
		"tabs and blanks":    "\n\t\n  " + strings.ReplaceAll(good, " ", "\t "),
		"no-break space":     good + "\u00a0\n",
		"byte-order mark":    "\ufeff" + zip + mod,
		"mark on its own":    "\ufeff\n" + good,
		"merge markers":      "<<<<<<< HEAD\n" + good + "\n=======\n>>>>>>> topic\n",
		"marker at the end":  good + "\n>>>>>>> 0123abcd (a commit)\n",
		"three-word garbage": good + "\nthis is garbage\n",
		"four fields":        good + "\nexample.com/x v1.0.0 h1:abc= more\n",
		"comment":            "// a comment\n" + good,
		"two-word comment":   good + "\n// comment\n",
		"no zip":             mod + "\n",
		"no mod":             zip,
		"empty":              "",
		"unknown algorithm":  strings.ReplaceAll(good, "h1:", "h2:"),
		"known beside other": "example.com/greet v1.0.0 h2:zzz=\n" + good,
		"hash of nothing":    zip + "example.com/greet v1.0.0/go.mod " + emptyModHash + "\n",
		"another module":     "example.com/other v1.0.0 " + other + "\n" + good,
	} {
		t.Run(name, func(t *testing.T) {
			lab.Write(file, text)
			cmd := exec.Command("go", "list", "-deps", ".")
			cmd.Dir = lab.Dir
			cmd.Env = world.Environ(lab.With("GOPROXY=off", "GOFLAGS=-mod=readonly"))
			out, err := cmd.CombinedOutput()
			sum := readSum(world.Real(), file, nil)
			complete := sum.Lines["example.com/greet v1.0.0"] && sum.Lines["example.com/greet v1.0.0/go.mod"]
			if len(sum.Bad) > 0 {
				if text := fmt.Sprintf("malformed go.sum:\n%s:%d: wrong number of fields %d\n", file, sum.Bad[0].Line, sum.Bad[0].Fields); !strings.Contains(string(out), text) {
					t.Errorf("we find %+v; go says: %s", sum.Bad, out)
				}
				return
			}
			if !sum.Exists || sum.Why != "" {
				t.Errorf("sum = %+v", sum)
			}
			if complete != (err == nil) || !complete != strings.Contains(string(out), "missing go.sum entry") {
				t.Errorf("we have both lines: %v; go says: %v %s", complete, err, out)
			}
		})
	}
}

// TestMismatchLive compares what we say of a cached module and its go.sum with
// what the go command says.
func TestMismatchLive(t *testing.T) {
	lab := worldtest.NewLab(t)
	proxy := "GOPROXY=file://" + lab.Proxy
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy}, "list", "-deps", ".")
	cache := filepath.Join(lab.Home, "go", "pkg", "mod")
	file := filepath.Join(lab.Dir, "go.sum")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zip, rest, _ := strings.Cut(string(data), "\n")
	wrong := "example.com/greet v1.0.0 h1:" + strings.Repeat("A", 43) + "="
	wrongMod := strings.Replace(wrong, " h1:", "/go.mod h1:", 1)
	w := world.Real()
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"equal":          {string(data), false},
		"differs":        {wrong + "\n" + rest, true},
		"equal first":    {zip + "\n" + wrong + "\n" + rest, false},
		"equal second":   {wrong + "\n" + zip + "\n" + rest, true},
		"other hash":     {strings.Replace(wrong, "h1:", "h9:", 1) + "\n" + zip + "\n" + rest, false},
		"go.mod differs": {zip + "\n" + wrongMod + "\n" + rest, true},
		"go.mod second":  {zip + "\n" + rest + "\n" + wrongMod + "\n", false},
		"other, differs": {strings.Replace(wrong, "h1:", "h9:", 1) + "\n" + wrong + "\n" + rest, true},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Write(file, c.text)
			cmd := exec.Command("go", "list", "-deps", ".")
			cmd.Dir, cmd.Env = lab.Dir, world.Environ(lab.With(proxy))
			out, err := cmd.CombinedOutput()
			mods, _, _, _ := modules(w, lab.Dir, model.Setting{})
			found := cacheMismatches(w, cache, mods, nil)
			if says := strings.Contains(string(out), "SECURITY ERROR"); says != c.want || says != (len(found) > 0) || says == (err == nil) {
				t.Fatalf("we find %+v; go says: %v %s", found, err, out)
			}
			for _, m := range found {
				for _, text := range []string{"downloaded: " + m.Downloaded, "go.sum:     " + m.Hash} {
					if !strings.Contains(string(out), text) {
						t.Errorf("go does not say %q: %s", text, out)
					}
				}
				if got := strings.Split(c.text, "\n")[m.Line-1]; !strings.HasSuffix(got, m.Hash) {
					t.Errorf("line %d is %q", m.Line, got)
				}
			}
		})
	}
}

// BenchmarkLargeSum reads a go.sum of 50 MB.
func BenchmarkLargeSum(b *testing.B) {
	var text strings.Builder
	for i := 0; text.Len() < 50<<20; i++ {
		fmt.Fprintf(&text, "example.com/some/module/number%d v1.%d.0 h1:%043d=\n", i, i%7, i)
	}
	file := filepath.Join(b.TempDir(), "go.sum")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	w := world.Real()
	for b.Loop() {
		if sum := readSum(w, file, nil); len(sum.Bad) > 0 || len(sum.Lines) == 0 {
			b.Fatal("read wrongly")
		}
	}
}
