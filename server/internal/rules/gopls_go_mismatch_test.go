package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"go/version"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// TestLanguageLive lets the type checker that is built into this test judge
// go lines, as the one that is built into gopls does.
func TestLanguageLive(t *testing.T) {
	built := version.Lang(runtime.Version())
	if built == "" {
		t.Skipf("this test was built by %s, a Go without a version; use a release of Go", runtime.Version())
	}
	minor, err := strconv.Atoi(strings.TrimPrefix(built, "go1."))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", "package a\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, line := range []string{"", "1.1", "1.21", "1.21.0"} {
		for _, offset := range []int{-1, 0, 1, 2} {
			for _, suffix := range []string{"", ".0", ".99", "rc1"} {
				goLine := line
				if line == "" {
					goLine = "1." + strconv.Itoa(minor+offset) + suffix
				}
				var says error
				config := types.Config{GoVersion: "go" + goLine, Error: func(err error) { says = err }}
				_, _ = config.Check("a", fset, []*ast.File{file}, nil)
				s := &model.Snapshot{
					Modules: []model.Module{{File: "/ws/go.mod", Path: "example.com/a", Go: goLine, GoLine: 7}},
					Gopls:   []model.GoplsProcess{{GoVersion: runtime.Version()}},
				}
				var told []model.Finding
				findings, _ := rules.Run(s)
				for _, f := range findings {
					if f.Rule == "gopls-go-mismatch" {
						told = append(told, f)
					}
				}
				switch {
				case (says != nil) != (len(told) == 1):
					t.Errorf("go %s: the type checker says %v, we tell %+v", goLine, says, told)
				case says != nil:
					refused++
					if !strings.HasSuffix(says.Error(), told[0].GoText.Reveal()) {
						t.Errorf("go %s: the type checker says %q, we quote %q", goLine, says, told[0].GoText.Reveal())
					}
					if told[0].Location.Range.Start.Line != 6 {
						t.Errorf("shown at line %d of go.mod, want the go line", told[0].Location.Range.Start.Line+1)
					}
				}
			}
		}
	}
	if refused == 0 {
		t.Error("the type checker refused nothing: the cases are not varied enough")
	}
}

// TestGoplsReleases tells what is said of a go command that is old for some
// versions of gopls.
func TestGoplsReleases(t *testing.T) {
	for _, test := range []struct{ gopls, have, want string }{
		{"v0.14.2", "go1.18.10", ""},
		{"v0.15.3", "go1.18.10", "old-go"},
		{"v0.15.3", "go1.19", ""},
		{"v0.17.1", "go1.20.14", "old-go"},
		{"v0.17.1", "go1.21rc2", ""},
		{"v0.23.0", "go1.20", "old-go"},
		{"v0.23.0", "go1.24.9", "policy"},
		{"v0.23.0", "go1.25.0", ""},
		{"v0.23.0", "go1.99", ""},
		{"v0.23.0-pre.2", "go1.24.9", "policy"},
		{"v0.23.1-0.20260801000000-0123456789ab", "go1.20", ""}, // between releases
		{"v1.0.0", "go1.18", ""},
		{"(devel)", "go1.18", ""},
		{"", "go1.18", ""},
		{"v0.23.0", "", ""},
		{"v0.23.0", "devel +abc", ""},
	} {
		findings, _ := rules.Run(&model.Snapshot{
			Gopls:     []model.GoplsProcess{{Version: test.gopls}},
			Toolchain: []model.Toolchain{{Env: model.EnvGopls, Version: test.have}},
		})
		got := ""
		for _, f := range findings {
			got += f.Message
		}
		if got != test.want {
			t.Errorf("gopls %s with %s: %q, want %q", test.gopls, test.have, got, test.want)
		}
	}
}
