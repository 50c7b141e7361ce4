package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gophantom/gophantom/server/internal/model"
)

// outputs is one JSON output per definition of the schema, full and empty.
func outputs() map[string][]any {
	return map[string][]any{
		"check":        {troubled(), healthy(), withAccepted()},
		"env":          {EnvironmentsOf(divided(), judgement()), EnvironmentsOf(busy()), Environments{Snapshot: healthy().Snapshot}},
		"report":       {whole(), EnvironmentReport{Schema: EnvironmentReportSchema, Report: healthy(), Environments: Environments{Snapshot: healthy().Snapshot}}},
		"route":        {routes(), []Route(nil)},
		"change":       {change(), Change{Snapshot: healthy().Snapshot}},
		"event":        {EventOf(viewed()), EventOf(model.Event{Kind: model.EventLog})},
		"verification": {verification(), Verification{Kind: "sumdb", Environment: "shell"}},
		"explanation":  {explanation(), Explanation{Snapshot: healthy().Snapshot}},
		"contract":     {contract(), Contract{File: "/x/.gophantom.json", Platform: "linux", Machine: "ci"}},
		"phantoms":     {Phantoms{Problems: []Problem{phantom()}, Snapshot: troubled().Snapshot}, Phantoms{Snapshot: healthy().Snapshot}},
	}
}

func TestOutputsFollowTheSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	c.AssertFormat()
	for name, values := range outputs() {
		schema, err := c.Compile("schema.json#/$defs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			data, err := JSON(v)
			if err != nil {
				t.Fatal(err)
			}
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(instance); err != nil {
				t.Errorf("%s: %v\n%s", name, err, data)
			}
		}
	}
	if _, err := c.Compile("schema.json"); err != nil {
		t.Error(err)
	}
}

// TestSchemaDescribesEveryField walks the Go types beside the schema: the
// schema itself allows unknown fields, since fields may be added.
func TestSchemaDescribesEveryField(t *testing.T) {
	var doc struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(JSONSchema, &doc); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	var walk func(path string, typ reflect.Type, schema map[string]any)
	walk = func(path string, typ reflect.Type, schema map[string]any) {
		if ref, ok := schema["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, "#/$defs/")
			if used[name] && typ.Kind() == reflect.Struct {
				return
			}
			used[name] = true
			schema = doc.Defs[name]
		}
		if choices, ok := schema["anyOf"].([]any); ok && typ.Kind() == reflect.Pointer {
			walk(path, typ.Elem(), choices[0].(map[string]any))
			return
		}
		switch typ.Kind() {
		case reflect.Slice:
			if typ == reflect.TypeFor[jsontext.Value]() { // its form is not of this contract
				return
			}
			items, ok := schema["items"].(map[string]any)
			if !ok {
				t.Errorf("%s: the schema has no items", path)
				return
			}
			walk(path+"[]", typ.Elem(), items)
		case reflect.Map:
			values, ok := schema["additionalProperties"].(map[string]any)
			if !ok {
				t.Errorf("%s: the schema says nothing of the map's values", path)
				return
			}
			walk(path+"{}", typ.Elem(), values)
		case reflect.Struct:
			properties, _ := schema["properties"].(map[string]any)
			var want []string
			for i := range typ.NumField() {
				name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				property, ok := properties[name].(map[string]any)
				if !ok {
					t.Errorf("%s.%s is not in the schema", path, name)
					continue
				}
				delete(properties, name)
				if option == "" {
					want = append(want, name)
				}
				walk(path+"."+name, typ.Field(i).Type, property)
			}
			for name := range properties {
				t.Errorf("%s.%s is in the schema only", path, name)
			}
			var got []string
			for _, name := range schema["required"].([]any) {
				got = append(got, name.(string))
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: the schema requires %v, the type always has %v", path, got, want)
			}
		}
	}
	for name, typ := range map[string]reflect.Type{
		"check": reflect.TypeFor[Report](), "report": reflect.TypeFor[EnvironmentReport](), "env": reflect.TypeFor[Environments](), "change": reflect.TypeFor[Change](), "event": reflect.TypeFor[Event](),
		"route": reflect.TypeFor[[]Route](), "phantoms": reflect.TypeFor[Phantoms](), "verification": reflect.TypeFor[Verification](), "explanation": reflect.TypeFor[Explanation](), "bisection": reflect.TypeFor[Bisection](), "changes": reflect.TypeFor[Changes](), "contract": reflect.TypeFor[Contract](),
	} {
		walk(name, typ, map[string]any{"$ref": "#/$defs/" + name})
	}
	for name, def := range doc.Defs {
		if !used[name] && def["enum"] == nil {
			t.Errorf("nothing uses the definition %s", name)
		}
	}
}

func TestJSONHasNoNullLists(t *testing.T) {
	r := healthy()
	data, err := JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"findings", "problems", "unknown"} {
		if list, ok := got[name].([]any); !ok || len(list) != 0 {
			t.Errorf("%s is %v, want []", name, got[name])
		}
	}
	if r.Findings != nil {
		t.Error("encoding changed the report")
	}
	data, err = JSON(Finding{Message: "a<b>&c"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"args": {}`, `"location": null`, `"a<b>&c"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

func ExampleRender() {
	fmt.Println(Render("{variable} is {value}.", nil))
	// Output: {variable: missing} is {value: missing}.
}

func contract() Contract {
	return Contract{
		File: "/home/gopher/app/.gophantom.json", Platform: "linux", Machine: "local",
		Entries:  []ContractEntry{{Line: 3, Text: "never GOSUMDB=off", Why: "safety", Status: "kept"}},
		Accepted: []Acceptance{{Line: 5, Rule: "env-drift", Owner: "ada", Reason: "move", Expires: "2026-12-31", Status: "used"}},
		Faults:   troubled().Findings[:1],
	}
}
