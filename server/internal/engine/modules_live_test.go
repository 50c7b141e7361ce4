package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// readStatically are the rows that are found in files and variables alone, and
// that stop go.
var readStatically = strings.Fields(`
	GF-UNKNOWN GF-NONFLAG GF-MODBAD GF-MODMOD-WORK GF-MODFILE VD-INCONSISTENT WS-NOTLISTED WS-GOWORKMISSING
	WS-GOWORKREL WS-USEMISSING WS-DUP WS-GOOLD WS-SYNTAX RP-DIR GS-MISMATCH GS-MALFORMED MOD-SYNTAX
`)

// readInPart are such rows that go may also come to by other ways, which take
// more than reading.
var readInPart = []string{"GM-UPDATES"}

// TestModuleTreesLive makes random module trees, healthy and broken, and lets
// the real go list their packages: where it succeeds, nothing may be found that
// stops go, and what it stops at must be found, in its words.
func TestModuleTreesLive(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the module cache is laid out below HOME, which go does not use on Windows")
	}
	seed := worldtest.Seed(t, "GOPHANTOM_TREES_SEED")
	random := rand.New(rand.NewPCG(seed, 1))
	goBin, err := exec.LookPath("go")
	if err != nil {
		t.Fatalf("the go command must be in PATH: %v", err)
	}
	home := t.TempDir()
	write := func(t *testing.T, file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Two modules in the cache, as go leaves them when their zips are gone.
	const modHash = "h1:E8oc8MKdE+7TDsFqVx2ZAnLCM2/vgg5FGmhZDhMDHRk="
	hashes := map[string]string{"m": modHash, "n": "h1:BVOkXTZ4l/NvReFWOjpjjx8frN7KpsiYb59EfH6d/IU="}
	zip, other := "h1:"+strings.Repeat("A", 43)+"=", "h1:"+strings.Repeat("B", 42)+"A="
	for name := range hashes {
		mod := "module example.com/" + name + "\n\ngo 1.24\n"
		dir := filepath.Join(home, "go", "pkg", "mod")
		download := filepath.Join(dir, "cache", "download", "example.com", name, "@v", "v1.0.0.")
		write(t, download+"info", `{"Version":"v1.0.0"}`)
		write(t, download+"mod", mod)
		write(t, download+"ziphash", zip)
		write(t, filepath.Join(dir, "example.com", name+"@v1.0.0", "go.mod"), mod)
		write(t, filepath.Join(dir, "example.com", name+"@v1.0.0", name+".go"), "package "+name+"\n")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	pick := func(options ...string) string { return options[random.IntN(len(options))] }
	rarely := func() bool { return random.IntN(6) == 0 }
	green, heard := 0, map[string]int{}
	for i := range 200 {
		dir := filepath.Join(t.TempDir(), "ws")
		file := func(name, text string) { write(t, filepath.Join(dir, name), text) }
		var mod, main, sum, vendored strings.Builder
		goLine := pick("1.24", "1.24", "1.24", "1.20", "1.13")
		fmt.Fprintf(&mod, "module example.com/app\n\ngo %s\n\n", goLine)
		if rarely() {
			fmt.Fprintf(&mod, "toolchain %s\n\n", pick("default", "go1.24", "go1.24.2", "go"+goLine, "go1.20.5"))
		}
		main.WriteString("package main\n\n")
		for name := range hashes {
			if random.IntN(3) == 0 {
				continue
			}
			fmt.Fprintf(&mod, "require example.com/%s v1.0.0\n", name)
			fmt.Fprintf(&main, "import _ \"example.com/%s\"\n", name)
			replaced := ""
			switch {
			case rarely():
				replaced = pick("./"+name, "./"+name, "./gone", "./bare")
				fmt.Fprintf(&mod, "replace example.com/%s%s => %s\n", name, pick("", " v1.0.0"), replaced)
				switch replaced {
				case "./bare":
					file("bare/bare.go", "package bare\n")
				case "./" + name:
					file(filepath.Join(name, "go.mod"), "module example.com/"+name+"\n\ngo "+goLine+"\n")
					file(filepath.Join(name, name+".go"), "package "+name+"\n")
				}
			}
			hash := zip
			if rarely() {
				hash = other
			}
			fmt.Fprintf(&sum, "example.com/%s v1.0.0 %s\nexample.com/%s v1.0.0/go.mod %s\n", name, hash, name, hashes[name])
			if rarely() {
				sum.WriteString(pick("<<<<<<< HEAD\n", "=======\n", "\n", "a b c\n", "one two three four\n"))
			}
			if !rarely() {
				fmt.Fprintf(&vendored, "# example.com/%s %s", name, pick("v1.0.0", "v1.0.0", "v1.0.0", "v0.9.0"))
				if replaced != "" && !rarely() {
					vendored.WriteString(" => " + replaced)
				}
				vendored.WriteString("\n" + pick("## explicit; go 1.24\n", "## explicit\n", "") + "example.com/" + name + "\n")
				if replaced != "" && !rarely() {
					fmt.Fprintf(&vendored, "# example.com/%s => %s\n", name, replaced)
				}
			}
			file(filepath.Join("vendor-to-be", "example.com", name, name+".go"), "package "+name+"\n")
		}
		if rarely() {
			mod.WriteString(pick("<<<<<<< HEAD\n", "require (\n", "requier x v1.0.0\n", "exclude example.com/z v1.0.0\n", "replace example.com/z => ./gone\n"))
		}
		main.WriteString("\nfunc main() {}\n")
		file("go.mod", mod.String())
		file("main.go", main.String())
		file("go.sum", sum.String())
		if random.IntN(3) == 0 {
			if err := os.Rename(filepath.Join(dir, "vendor-to-be"), filepath.Join(dir, "vendor")); err != nil {
				file("vendor/empty", "")
			}
			if !rarely() {
				file("vendor/modules.txt", pick("", "", "", "## workspace\n")+vendored.String())
			}
		}
		if random.IntN(3) == 0 {
			if rarely() {
				file("go.work.sum", strings.ReplaceAll(sum.String(), zip, pick(zip, other)))
			}
			file("go.work", pick("go 1.24\n", "go 1.24\n", "go 1.24\n", "go 1.23\n", "")+pick("use .\n", "use .\n", "use ./b\n", "use (\n\t.\n\t./b\n)\n", "use .\nuse ./.\n", "usee .\n", "use .\nuse ./gone\n"))
			file("b/go.mod", "module example.com/b\n\ngo 1.20\n")
			file("b/b.go", "package b\n")
		}
		vars := map[string]string{
			"HOME": home, "PATH": os.Getenv("PATH"), "GOCACHE": filepath.Join(cache, "go-build"), "GOPROXY": "off", "GOSUMDB": "off", "GOTOOLCHAIN": "local", "GOENV": "off",
		}
		if rarely() {
			vars["GOFLAGS"] = pick("-mod=mod", "-mod=readonly", "-mod=vendor", "-mod mod", "-mod=x", "-foo", "-tags=a -trimpath", "-mod", "-modfile=gone.mod", "-modfile=x", "'-ldflags=-s -w'")
		}
		if rarely() {
			vars["GOWORK"] = pick("off", "off", "auto", filepath.Join(dir, "go.work"), "./go.work")
		}

		w := world.Real()
		w.Dir, w.Environ = dir, world.Environ(vars)
		s := observe.Take(t.Context(), w, observe.Input{Number: 1, Dir: dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars}})
		found, crashes := rules.Run(s)
		found = slices.DeleteFunc(found, func(f model.Finding) bool {
			return !slices.Contains(readStatically, f.Ref) && !slices.Contains(readInPart, f.Ref) || f.Severity != model.Error && f.Ref != "WS-NOTLISTED"
		})

		cmd := exec.Command(goBin, "list", "-deps", ".")
		cmd.Dir, cmd.Env = dir, append(world.Environ(vars), "PWD="+dir)
		out, err := cmd.CombinedOutput()
		said := map[string]bool{}
		for _, m := range trace.Classify(model.NewValue(string(out))) {
			if slices.Contains(readStatically, m.Refs[0]) {
				said[m.Refs[0]] = true
				heard[m.Refs[0]]++
			}
		}
		complain := func(format string, args ...any) {
			t.Helper()
			t.Errorf("seed %d, tree %d: %s\nGOFLAGS=%s GOWORK=%s\n%s\ngo said (%v):\n%s", seed, i, fmt.Sprintf(format, args...), vars["GOFLAGS"], vars["GOWORK"], tree(t, dir), err, out)
		}
		if len(crashes) > 0 {
			complain("crashes: %+v", crashes)
		}
		for _, f := range found {
			if err == nil {
				complain("we find %s, and go succeeds", f.Ref)
			} else if slices.Contains(readInPart, f.Ref) {
				heard[f.Ref]++
			}
		}
		if err == nil {
			green++
		}
		for ref := range said {
			at := slices.IndexFunc(found, func(f model.Finding) bool { return f.Ref == ref })
			if at < 0 {
				complain("go stops at %s, and we do not find it", ref)
				continue
			}
			words := slices.ContainsFunc(found, func(f model.Finding) bool {
				text := strings.TrimPrefix(f.GoText.Reveal(), "go: ")
				if before, path, ok := strings.Cut(text, ": replacement directory "); ok && strings.Contains(string(out), ": no such file") {
					// What go says when it reads the requirements of all modules.
					text = before + " (replaced by " + strings.TrimSuffix(path, " does not exist") + "): reading "
				}
				return f.Ref == ref && strings.Contains(string(out), text)
			})
			if !words {
				complain("go does not say of %s: %s", ref, found[at].GoText.Reveal())
			}
		}
	}
	if green < 20 || len(heard) < 8 {
		t.Errorf("seed %d: the trees are all alike: %d are healthy, and go stops at %v", seed, green, heard)
	}
}

// tree shows the files of a tree that decide.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"go.mod", "go.sum", "go.work", "vendor/modules.txt"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			fmt.Fprintf(&b, "-- %s --\n%s", name, data)
		}
	}
	return b.String()
}
