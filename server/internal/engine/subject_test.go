package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestSubjectOfAFindingShowsNoSecret: what a log says may be the subject.
func TestSubjectOfAFindingShowsNoSecret(t *testing.T) {
	w, _ := worldtest.Load(t, "../../../testdata/scenarios/goinsecure-does-not-help/healthy-modules.txtar")
	a := engine.Assessment{Snapshot: &model.Snapshot{}, Findings: []model.Finding{{
		Rule: "goinsecure-does-not-help", Ref: "IN-GIT", Message: "git", Subject: "https://oauth2:hunter2@git.corp.example/x/",
	}}}
	out, err := json.Marshal(a.Report(w))
	if err != nil || strings.Contains(string(out), "hunter2") || !strings.Contains(string(out), "@git.corp.example/x/") {
		t.Errorf("the report shows %s (%v)", out, err)
	}
}
