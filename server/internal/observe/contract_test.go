package observe

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

func parsed(text string) *model.Contract {
	c := &model.Contract{}
	parseContract(c, []byte(text))
	return c
}

// goodContract has one of everything.
const goodContract = `{
  "$schema": "x", "version": 1,
  "require": [
    {"variable": "GOPROXY", "value": "https://a.example,direct", "platforms": ["linux", "darwin"], "why": "ours"},
    {"variable": "GOPROXY", "value": "https://b.example", "platforms": ["windows"], "machines": ["local", "ci"]},
    {"variable": "GOPRIVATE", "covers": ["corp.example/team"], "environments": ["shell", "gopls"], "severity": "info"},
    {"variable": "GOFLAGS", "contains": ["-trimpath"]},
    {"variable": "GOINSECURE", "value": ""}
  ],
  "forbid": [{"variable": "GOSUMDB", "value": "off"}, {"variable": "GOFLAGS", "contains": ["-mod=mod"]}, {"variable": "GONOSUMDB"}, {"variable": "GOPROXY", "value": ""}],
  "versions": [{"tool": "go", "atLeast": "1.26.1", "below": "go1.28"}, {"tool": "gopls", "atLeast": "v0.20.0"}],
  "accept": [{"rule": "env-drift", "subject": "GOPROXY", "owner": "ada", "reason": "until the move", "expires": "2026-12-31", "platforms": ["linux"], "machines": ["local"]}]
}`

func TestContract(t *testing.T) {
	c := parsed(goodContract)
	if len(c.Faults) > 0 || len(c.Demands) != 11 || len(c.Accepted) != 1 {
		t.Fatalf("%d demands, %d acceptances, faults %+v", len(c.Demands), len(c.Accepted), c.Faults)
	}
	if d := c.Demands[2]; d.Line != 6 || d.Variable != "GOPRIVATE" || d.Severity != model.Info || !slices.Equal(d.Environments, []model.EnvName{"shell", "gopls"}) {
		t.Errorf("the third demand is %+v", d)
	}
	if a := c.Accepted[0]; a.Until.Format("2006-01-02 15:04") != "2027-01-01 00:00" {
		t.Errorf("the last day ends at %v", a.Until)
	}
	// The same with a byte order mark, comments, other line ends and trailing commas.
	odd := "\uFEFF// ours\r\n" + strings.ReplaceAll(strings.ReplaceAll(goodContract, "}]", "},]"), "\n", "\r\n")
	again := parsed(odd)
	for i := range again.Demands {
		again.Demands[i].Line--
	}
	for i := range again.Accepted {
		again.Accepted[i].Line--
	}
	if diff := cmp.Diff(c, again, cmp.Comparer(func(a, b model.Value) bool { return a == b })); diff != "" {
		t.Errorf("in another dress:\n%s", diff)
	}
}

// TestContractOfThePage reads the example of the documentation.
func TestContractOfThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "```jsonc\n")
	example, _, found := strings.Cut(example, "```")
	if c := parsed(example); !found || len(c.Faults) > 0 || len(c.Demands) == 0 || len(c.Accepted) == 0 {
		t.Errorf("the example is read as %+v", c)
	}
}

// contractMistakes are contracts with one mistake, and the fault: its line, kind
// and member. What only our own reader finds is marked, for the schema cannot
// say it.
var contractMistakes = []struct {
	text string
	line int
	kind string
	key  string
	own  bool
}{
	{text: ``, line: 1, kind: model.FaultSyntax},
	{text: `[]`, line: 1, kind: model.FaultSyntax},
	{text: "{\n \"version\": 1,\n", line: 3, kind: model.FaultSyntax},
	{text: "{\"version\": 1,\n \"why\": \"\xff\"}", line: 2, kind: model.FaultSyntax},
	{text: strings.Repeat("[", 5000), line: 1, kind: model.FaultSyntax},
	{text: `{}`, line: 1, kind: model.FaultType, key: "version"},
	{text: `{"version": 2}`, line: 1, kind: model.FaultType, key: "version"},
	{text: "{\"version\": 1,\n\"requires\": []}", line: 2, kind: model.FaultKey, key: "requires"},
	{text: "{\"version\": 1,\n\"require\": {}}", line: 2, kind: model.FaultType, key: "require"},
	{text: "{\"version\": 1, \"forbid\": [\n\"GOSUMDB\"]}", line: 2, kind: model.FaultType, key: "forbid[0]"},
	{text: "{\"version\": 1, \"forbid\": [{\n\"value\": \"off\"}]}", line: 1, kind: model.FaultType, key: "forbid[0].variable"},
	{text: "{\"version\": 1, \"forbid\": [{\"variable\": \"GOSUMDB\",\n\"covers\": [\"x\"]}]}", line: 2, kind: model.FaultKey, key: "forbid[0].covers"},
	{text: "{\"version\": 1, \"require\": [{\"variable\": \"GOSUMDB\",\n\"value\": true}]}", line: 2, kind: model.FaultType, key: "require[0].value"},
	{text: `{"version": 1, "require": [{"variable": "GOSUMDB"}]}`, line: 1, kind: model.FaultType, key: "require[0]"},
	{text: `{"version": 1, "require": [{"variable": "GOFLAGS", "value": "-v", "contains": ["-v"]}]}`, line: 1, kind: model.FaultType, key: "require[0]"},
	{text: `{"version": 1, "require": [{"variable": "GOPRIVATE", "covers": []}]}`, line: 1, kind: model.FaultType, key: "require[0].covers"},
	{text: `{"version": 1, "require": [{"variable": "GOPRIVATE", "covers": ["a", ""]}]}`, line: 1, kind: model.FaultType, key: "require[0].covers"},
	{text: `{"version": 1, "forbid": [{"variable": "GOSUMDB", "severity": "error"}]}`, line: 1, kind: model.FaultType, key: "forbid[0].severity"},
	{text: `{"version": 1, "forbid": [{"variable": "GOSUMDB", "platforms": ["mac"]}]}`, line: 1, kind: model.FaultType, key: "forbid[0].platforms[0]"},
	{text: `{"version": 1, "forbid": [{"variable": "GOSUMDB", "machines": ["cloud"]}]}`, line: 1, kind: model.FaultType, key: "forbid[0].machines[0]"},
	{text: `{"version": 1, "forbid": [{"variable": "EDITOR"}]}`, line: 1, kind: model.FaultType, key: "forbid[0].variable", own: true},
	{text: `{"version": 1, "versions": [{"tool": "dlv", "atLeast": "1.0.0"}]}`, line: 1, kind: model.FaultType, key: "versions[0].tool"},
	{text: `{"version": 1, "versions": [{"tool": "go", "atLeast": "latest"}]}`, line: 1, kind: model.FaultType, key: "versions[0].atLeast"},
	{text: `{"version": 1, "versions": [{"tool": "go"}]}`, line: 1, kind: model.FaultType, key: "versions[0]"},
	{text: `{"version": 1, "versions": [{"tool": "go", "atLeast": "1.27", "below": "1.26"}]}`, line: 1, kind: model.FaultConflict, key: "versions[0]", own: true},
	{text: `{"version": 1, "accept": [{"rule": "env-drift", "reason": "r", "expires": "2026-12-31"}]}`, line: 1, kind: model.FaultType, key: "accept[0].owner"},
	{text: `{"version": 1, "accept": [{"rule": "env-drift", "owner": " ", "reason": "r", "expires": "2026-12-31"}]}`, line: 1, kind: model.FaultType, key: "accept[0].owner"},
	{text: `{"version": 1, "accept": [{"rule": "env-drift", "owner": "o", "reason": "r", "expires": "2026-02-31"}]}`, line: 1, kind: model.FaultType, key: "accept[0].expires"},
	{text: `{"version": 1, "accept": [{"rule": "env-drift", "owner": "o", "reason": "r", "expires": "soon"}]}`, line: 1, kind: model.FaultType, key: "accept[0].expires"},
	{text: "{\"version\": 1, \"require\": [{\"variable\": \"GOSUMDB\", \"value\": \"off\"}], \"forbid\": [\n{\"variable\": \"GOSUMDB\", \"value\": \"off\"}]}", line: 2, kind: model.FaultConflict, key: "GOSUMDB", own: true},
	{text: "{\"version\": 1, \"require\": [{\"variable\": \"GOSUMDB\", \"value\": \"x\"},\n{\"variable\": \"GOSUMDB\", \"value\": \"y\"}]}", line: 2, kind: model.FaultConflict, key: "GOSUMDB", own: true},
	{text: "{\"version\": 1, \"require\": [{\"variable\": \"GOPRIVATE\", \"covers\": [\"x\"]}], \"forbid\": [\n{\"variable\": \"GOPRIVATE\"}]}", line: 2, kind: model.FaultConflict, key: "GOPRIVATE", own: true},
	{text: "{\"version\": 1, \"require\": [{\"variable\": \"GOFLAGS\", \"contains\": [\"-v\"]}], \"forbid\": [\n{\"variable\": \"GOFLAGS\", \"contains\": [\"-v\"]}]}", line: 2, kind: model.FaultConflict, key: "GOFLAGS", own: true},
}

func TestContractMistakes(t *testing.T) {
	for _, c := range contractMistakes {
		name := c.text[:min(len(c.text), 80)]
		faults := parsed(c.text).Faults
		if len(faults) != 1 {
			t.Errorf("%q: %d faults: %+v", name, len(faults), faults)
			continue
		}
		if f := faults[0]; f.Line != c.line || f.Kind != c.kind || f.Key != c.key || f.Text == "" {
			t.Errorf("%q: the fault is %+v, want line %d, %s, %s", name, f, c.line, c.kind, c.key)
		}
	}
}

// TestContractMistakeLosesNothingElse checks that an entry counts although
// others have mistakes.
func TestContractMistakeLosesNothingElse(t *testing.T) {
	c := parsed(`{"version": 1, "forbid": [{"variable": 3}, {"variable": "GOSUMDB", "value": "off"}], "wrong": {}, "accept": 5}`)
	if len(c.Faults) != 3 || len(c.Demands) != 1 || c.Demands[0].Variable != "GOSUMDB" {
		t.Errorf("demands %+v, faults %+v", c.Demands, c.Faults)
	}
}

// TestContractSchema compares what editors complete and complain of with what is
// read.
func TestContractSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "extension", "contract.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("contract.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("contract.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) bool {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		return err == nil && schema.Validate(instance) == nil
	}
	if !valid(goodContract) {
		t.Error("the schema does not like what is read without a fault")
	}
	for _, m := range contractMistakes {
		if m.kind != model.FaultSyntax && valid(m.text) != m.own {
			t.Errorf("the schema says %t to %s", valid(m.text), m.text)
		}
	}
}

func TestLargeContracts(t *testing.T) {
	entry := `{"variable": "GOFLAGS", "contains": ["-tags=%d"]}`
	var many []string
	for i := range 15_000 {
		many = append(many, fmt.Sprintf(entry, i))
	}
	var wrong []string
	for i := range 15_000 {
		wrong = append(wrong, fmt.Sprintf(`"key%d": [{}]`, i))
	}
	for name, c := range map[string]struct {
		text            string
		demands, faults int
	}{
		"1 MB":            {`{"version": 1, "require": [` + strings.Join(many, ",") + `]}`, maxEntries, 1},
		"many faults":     {`{"version": 1, ` + strings.Join(wrong, ",") + `}`, 0, maxFaults},
		"more than 1 MiB": {`{"version": 1, "$schema": "` + strings.Repeat("x", maxContract) + `"}`, 0, 1},
	} {
		w, _ := worldtest.Make(t, "-- ws/.gophantom.json --\n"+c.text+"\n")
		got := contract(w, &model.Snapshot{Dir: "/home/gopher/ws"})
		if got == nil || len(got.Demands) != c.demands || len(got.Faults) != c.faults {
			t.Errorf("%s: %d demands and %d faults, want %d and %d", name, len(got.Demands), len(got.Faults), c.demands, c.faults)
		}
		if name == "many faults" && !strings.Contains(got.Faults[maxFaults-1].Text, fmt.Sprint(len(wrong)-maxFaults)) {
			t.Errorf("the last fault does not say how many follow: %+v", got.Faults[maxFaults-1])
		}
	}
}

// TestContractInForce checks which file is taken: the nearest up to the root of
// the repository, and nobody's from beyond it.
func TestContractInForce(t *testing.T) {
	const file = "-- %s/.gophantom.json --\n{\"version\": 1}\n"
	for name, c := range map[string]struct{ sections, root, want string }{
		"own":        {fmt.Sprintf(file, "ws"), "", "/home/gopher/ws/.gophantom.json"},
		"above":      {fmt.Sprintf(file, "home"), "/home/gopher", "/home/gopher/.gophantom.json"},
		"both":       {fmt.Sprintf(file, "home") + fmt.Sprintf(file, "ws"), "/home/gopher", "/home/gopher/ws/.gophantom.json"},
		"beyond":     {fmt.Sprintf(file, "home"), "/home/gopher/ws", ""},
		"no sources": {fmt.Sprintf(file, "home"), "", ""},
		"unreadable": {"-- ws/.gophantom.json/x --\n", "", "/home/gopher/ws/.gophantom.json"},
	} {
		w, _ := worldtest.Make(t, c.sections)
		s := &model.Snapshot{Dir: "/home/gopher/ws", Repository: model.Repository{Root: c.root}}
		s.Contract = contract(w, s)
		got := ""
		if s.Contract != nil {
			got = s.Contract.File
		}
		if got != c.want || name == "unreadable" && len(s.Contract.Faults) != 1 {
			t.Errorf("%s: the contract is %q, want %q", name, got, c.want)
		}
		if c.want != "" && !slices.Contains(WatchList(s, nil), c.want) {
			t.Errorf("%s: %s is not watched", name, c.want)
		}
	}
}

func TestMachine(t *testing.T) {
	for _, c := range []struct {
		environ string
		editor  *model.Editor
		want    string
	}{
		{"CI=true", nil, "ci"},
		{"CI=false", nil, "local"},
		{"", nil, "local"},
		{"CI=true", &model.Editor{}, "local"},
		{"", &model.Editor{Remote: "wsl"}, "wsl"},
	} {
		w, _ := worldtest.Make(t, "")
		w.Environ = []string{c.environ}
		if got := machine(w, &model.Snapshot{Editor: c.editor}); got != c.want {
			t.Errorf("%q, %+v: %s, want %s", c.environ, c.editor, got, c.want)
		}
	}
}

func FuzzContract(f *testing.F) {
	f.Add([]byte(goodContract))
	for _, m := range contractMistakes {
		f.Add([]byte(m.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &model.Contract{}
		parseContract(c, data)
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, fault := range c.Faults {
			if fault.Line < 1 || fault.Line > lines || fault.Text == "" {
				t.Errorf("fault %+v in a file of %d lines", fault, lines)
			}
		}
	})
}
