package engine_test

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
)

// TestFleetCountsWhatIsFound shows what would be sent once an endpoint is set, and
// nothing before.
func TestFleetCountsWhatIsFound(t *testing.T) {
	for endpoint, want := range map[string]bool{"": false, "http://127.0.0.1:1/v1/metrics": true, "collector": false} {
		user := drifted(t, func(e *editor) { e.fleet = endpoint })
		u := user.await("a finding", func(u engine.Update) bool { return u.Ready && len(u.Report.Findings) > 0 })
		page, err := user.loop.Fleet()
		if err != nil {
			t.Fatal(err)
		}
		rule := u.Report.Findings[0].Rule
		if got := strings.Contains(page, `"stringValue": "`+rule+`"`); got != want {
			t.Errorf("endpoint %q: %s counted: %t\n%s", endpoint, rule, got, page)
		}
		if said := strings.Contains(strings.Join(u.Details, " "), "nothing is sent"); said != (endpoint == "collector") {
			t.Errorf("endpoint %q: the details are %q", endpoint, u.Details)
		}
		for name, value := range user.host {
			if len(value) > 4 && strings.Contains(page, value) {
				t.Errorf("the value of %s is in it: %s", name, page)
			}
		}
	}
}
