package bench

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

// BenchmarkShell measures how long it takes to ask a shell for its environment,
// with start-up files like those of many. The baseline is the same shell, with the same
// arguments, that runs env.
func BenchmarkShell(b *testing.B) {
	gophantom := build(b, "cmd/gophantom")[0]
	m := newMachine(b)
	rc := "export GOPRIVATE=corp.example\nfor i in 1 2 3 4 5 6 7 8 9 10; do PATH=\"/opt/$i/bin:$PATH\"; done\nexport STAMP=$(date)\n"
	m.Write(filepath.Join(m.Home, ".bash_profile"), ". ~/.profile\n. ~/.bashrc\n") // go stays on PATH, so that the login shell's is the answer
	m.Write(filepath.Join(m.Home, ".bashrc"), rc)
	m.Write(filepath.Join(m.Home, ".zshrc"), rc)
	m.Write(filepath.Join(m.Home, ".config", "fish", "config.fish"), "set -gx GOPRIVATE corp.example\nset -gx STAMP (date)\n")
	w := world.Real()
	w.Self = gophantom
	w.Environ = world.Environ(m.Env)
	f := figures{}
	for _, name := range []string{"bash", "zsh", "fish"} {
		path, err := exec.LookPath(name)
		if err != nil {
			b.Logf("%s is not installed, so it is not measured", name)
			continue
		}
		for range max(b.N, 10) {
			started := time.Now()
			if answer := shell.Ask(b.Context(), w, shell.Options{Shell: path, Dir: m.Dir}); answer.Vars["GOPRIVATE"] != "corp.example" {
				b.Fatalf("%s was not understood: %+v", name, answer.Fault)
			}
			ours := millis(time.Since(started))
			f.compare(name+"-", "ms", ours, millis(m.time(m.command(m.Dir, path, "-i", "-l", "-c", "env"))))
		}
	}
	f.report(b)
}
