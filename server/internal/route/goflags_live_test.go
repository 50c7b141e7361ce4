package route

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGoFlagNamesLive asks the installed go which flags it knows: of every word
// of its own sources and help that could be one, and of ours.
func TestGoFlagNamesLive(t *testing.T) {
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command in PATH: this test has no judge")
		}
		t.Skip("no go command in PATH: install Go from go.dev/dl")
	}
	out, err := exec.Command(goBin, "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	goroot, version := fields[0], fields[1]
	if !strings.HasPrefix(version, NewestFlags+".") && version != NewestFlags {
		t.Skipf("the list is of %s, and this is %s; run the test with that Go", NewestFlags, version)
	}
	names := map[string]bool{}
	for name := range goFlagNames {
		names[name] = true
	}
	word := regexp.MustCompile(`"([A-Za-z][A-Za-z0-9.-]*)", |[ \t]-([a-z][a-z0-9]*)\b`)
	err = filepath.WalkDir(filepath.Join(goroot, "src", "cmd", "go"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, m := range word.FindAllStringSubmatch(string(data), -1) {
			names[m[1]+m[2]] = true
		}
		return err
	})
	if err != nil || len(names) < 2*len(goFlagNames) {
		t.Fatalf("only %d words of the sources below %s: %v", len(names), goroot, err)
	}
	for name := range names {
		cmd := exec.Command(goBin, "version")
		cmd.Env = append(os.Environ(), "GOFLAGS=-"+name)
		out, _ := cmd.CombinedOutput()
		if known := !strings.Contains(string(out), "go: parsing $GOFLAGS: unknown flag -"+name+"\n"); known != goFlagNames[name] {
			t.Errorf("go knows -%s: %v; we say %v (%s)", name, known, goFlagNames[name], strings.TrimSpace(string(out)))
		}
	}
}
