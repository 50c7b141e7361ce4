package rules_test

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// TestLongLists holds what is said of lists of many thousand entries to a page: each
// finding carries the repaired list.
func TestLongLists(t *testing.T) {
	for variable, entry := range map[string]string{
		"GOPRIVATE": "https://git.corp.example", "GONOPROXY": "*corp.example", "GOINSECURE": "*.com", "NO_PROXY": "https://git.corp.example", "GONOSUMDB": "*.corp.example",
	} {
		value := strings.Repeat(entry+",", 1<<18/len(entry))
		s := &model.Snapshot{
			Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
				variable: {Value: model.NewValue(value)}, "GOPROXY": {Value: model.NewValue("https://proxy.example")}, "HTTPS_PROXY": {Value: model.NewValue("http://10.0.0.1:3128")},
			}}}}},
			Modules: []model.Module{{File: "/ws/go.mod", Path: "example.com/app", Go: "1.26", Requires: []model.Require{{Path: "corp.example/lib", Version: "v1.0.0", Line: 5}}}},
		}
		findings, crashes := rules.Run(s)
		if len(crashes) > 0 {
			t.Errorf("%s: %v", variable, crashes)
		}
		if len(findings) == 0 || len(findings) > 25 {
			t.Errorf("%s: %d findings", variable, len(findings))
		}
	}
}
