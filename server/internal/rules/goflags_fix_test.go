package rules_test

import (
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// fixedValue is what the first finding of a rule offers to set a variable to.
func fixedValue(t *testing.T, rule, variable, value string) string {
	t.Helper()
	s := &model.Snapshot{
		Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{
			{Kind: model.LayerProcess, Vars: map[string]model.Assignment{variable: {Value: model.NewValue(value)}}},
		}}},
		Toolchain: []model.Toolchain{{Env: model.EnvShell, Version: "go1.26.0", Selected: "go1.26.0"}},
	}
	found, _ := rules.Run(s)
	for _, f := range found {
		if f.Rule != rule {
			continue
		}
		for _, offer := range f.Fixes {
			if offer.ID == "set-variable" {
				return offer.Args["value"].Reveal()
			}
		}
		return ""
	}
	t.Fatalf("%s finds nothing in %s=%s", rule, variable, value)
	return ""
}

// TestGOFLAGSFixKeepsWhatWasMeant: words that go takes for flags of its own
// belong to the value before them.
func TestGOFLAGSFixKeepsWhatWasMeant(t *testing.T) {
	for value, want := range map[string]string{
		"-mod mod":                               "-mod=mod",
		"-tags=a b":                              "-tags=a,b",
		"-tags a b -v":                           "-tags=a,b -v",
		"-ldflags=-X main.version=1":             `"-ldflags=-X main.version=1"`,
		"-ldflags=-s -w -X main.v=1 -trimpath":   `"-ldflags=-s -w -X main.v=1" -trimpath`,
		"-gcflags=all=-N -l -nosuch -mod=vendor": `"-gcflags=all=-N -l -nosuch" -mod=vendor`,
		"-v -nosuch":                             "-v",
		"-run=X y":                               "-run=X",
	} {
		if got := fixedValue(t, "goflags-rejected", "GOFLAGS", value); got != want {
			t.Errorf("GOFLAGS=%s becomes %s, want %s", value, got, want)
		}
	}
}

// TestQuotesAroundTheWholeOfGOPROXY: go stops at the entry behind as well.
func TestQuotesAroundTheWholeOfGOPROXY(t *testing.T) {
	for value, want := range map[string]string{
		`"https://proxy.example,direct"`:          "https://proxy.example,direct",
		`'https://proxy.example' | "direct"`:      "https://proxy.example | direct",
		`"https://proxy.example,ftp://x.example"`: "",
	} {
		if got := fixedValue(t, "goproxy-invalid-entry", "GOPROXY", value); got != want {
			t.Errorf("GOPROXY=%s becomes %q, want %q", value, got, want)
		}
	}
}

// TestFixOfGOAUTHShowsNoSecret: what a program of GOAUTH is told may be one,
// and the title of a fix would show it.
func TestFixOfGOAUTHShowsNoSecret(t *testing.T) {
	for value, want := range map[string]string{
		"netrc;":            "netrc",
		"git /srv/x;;netrc": "git /srv/x;netrc",
		"helper hunter2;":   "",
	} {
		if got := fixedValue(t, "goauth-invalid", "GOAUTH", value); got != want {
			t.Errorf("GOAUTH=%s becomes %q, want %q", value, got, want)
		}
	}
}
