package rules_test

import (
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// TestContractFixes checks that drift from a contract has the fix that ends it,
// and none where whoever wrote the contract is not trusted.
func TestContractFixes(t *testing.T) {
	value := model.NewValue
	for _, c := range []struct {
		name   string
		demand model.Demand
		has    string
		fix    string // id and value
	}{
		{"another value", model.Demand{Variable: "GOPROXY", Exact: true, Value: value("https://a.example")}, "direct", "set-variable https://a.example"},
		{"blanks are no difference", model.Demand{Variable: "GOPROXY", Exact: true, Value: value("https://a.example,direct")}, " https://a.example , direct", ""},
		{"to be unset", model.Demand{Variable: "GOINSECURE", Exact: true}, "*", "unset-variable "},
		{"an entry is missing", model.Demand{Variable: "GOFLAGS", Contains: []model.Value{value("-trimpath")}}, "-v", "set-variable -v -trimpath"},
		{"a pattern is missing", model.Demand{Variable: "GOPRIVATE", Covers: []string{"a.example/x", "b.example/y"}}, "b.example", "add-pattern a.example/x"},
		{"a glob covers", model.Demand{Variable: "GOPRIVATE", Covers: []string{"a.corp.example/x"}}, "*.corp.example", ""},
		{"forbidden", model.Demand{Forbids: true, Variable: "GOSUMDB", Exact: true, Value: value("off")}, "off", "unset-variable "},
		{"not forbidden", model.Demand{Forbids: true, Variable: "GOSUMDB", Exact: true, Value: value("off")}, "sum.example", ""},
		{"one entry is forbidden", model.Demand{Forbids: true, Variable: "GOFLAGS", Contains: []model.Value{value("-mod=mod")}}, "-v -mod=mod", "set-variable -v"},
		{"the only entry is forbidden", model.Demand{Forbids: true, Variable: "GOFLAGS", Contains: []model.Value{value("-mod=mod")}}, "-mod=mod", "unset-variable "},
		{"in another environment", model.Demand{Forbids: true, Variable: "GOSUMDB", Environments: []model.EnvName{model.EnvGopls}}, "off", ""},
		{"on another platform", model.Demand{Forbids: true, Variable: "GOSUMDB", Platforms: []string{"windows"}}, "off", ""},
		{"on another kind of machine", model.Demand{Forbids: true, Variable: "GOSUMDB", Kinds: []string{"wsl"}}, "off", ""},
		{"on this kind of machine", model.Demand{Forbids: true, Variable: "GOSUMDB", Kinds: []string{"wsl", "ci"}}, "off", "unset-variable "},
	} {
		for _, trusted := range []bool{true, false} {
			c.demand.Line, c.demand.Severity = 1, model.Warning
			s := &model.Snapshot{
				Dir: "/ws", Trusted: trusted, GOOS: "linux", Contract: &model.Contract{File: "/ws/.gophantom.json", Kind: "ci", Demands: []model.Demand{c.demand}},
				Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{c.demand.Variable: {Value: value(c.has)}}}}}},
			}
			found := rules.ByID("contract-drift").Check(s)
			if (len(found) == 1) != (c.fix != "") {
				t.Fatalf("%s: found %+v", c.name, found)
			}
			if c.fix == "" {
				continue
			}
			if !trusted {
				if len(found[0].Fixes) > 0 {
					t.Errorf("%s: an untrusted contract offers %+v", c.name, found[0].Fixes)
				}
				continue
			}
			offer := found[0].Fixes[0]
			if got := offer.ID + " " + offer.Args["value"].Reveal() + offer.Args["modules"].Reveal(); got != c.fix {
				t.Errorf("%s: the fix is %q, want %q", c.name, got, c.fix)
			}
		}
	}
}
