package observe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// A contract is written by people; these bound what a hostile one costs.
const (
	maxContract = 1 << 20 // bytes
	maxEntries  = 1000    // of one list
	maxFaults   = 100     // that are told one by one
)

// contractFiles are where a contract may stand, the nearest first: in the
// workspace folder and above it, up to the root of its repository.
func contractFiles(s *model.Snapshot) (files []string) {
	for dir := s.Dir; ; dir = filepath.Dir(dir) {
		files = append(files, filepath.Join(dir, model.ContractName))
		if s.Repository.Root == "" || dir == s.Repository.Root || filepath.Dir(dir) == dir {
			return files
		}
	}
}

// contract reads the contract in force; nil if there is none.
func contract(w *world.World, s *model.Snapshot) *model.Contract {
	for _, file := range contractFiles(s) {
		data, err := w.Files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		c := &model.Contract{File: file, Kind: machine(w, s)}
		switch {
		case err != nil:
			c.Faults = []model.ContractFault{{Line: 1, Kind: model.FaultSyntax, Text: "it cannot be read: " + reason(err)}}
		case len(data) > maxContract:
			c.Faults = []model.ContractFault{{Line: 1, Kind: model.FaultSyntax, Text: fmt.Sprintf("it has %d bytes, and more than %d are not read", len(data), maxContract)}}
		default:
			parseContract(c, data)
		}
		return c
	}
	return nil
}

// machine is the kind of machine that a contract may make a difference by.
func machine(w *world.World, s *model.Snapshot) string {
	if s.Editor != nil {
		return cmp.Or(s.Editor.Remote, "local")
	}
	for _, entry := range w.Environ {
		if value, ok := strings.CutPrefix(entry, "CI="); ok && value != "" && value != "false" && value != "0" {
			return "ci"
		}
	}
	return "local"
}

// contractReader reads one file into c, and goes on after every fault.
type contractReader struct {
	c      *model.Contract
	doc    *jsonc.Document
	faults int // found, listed or not
}

// add lists a fault, unless there are very many.
func (r *contractReader) add(fault func() model.ContractFault) {
	if r.faults++; len(r.c.Faults) < maxFaults {
		r.c.Faults = append(r.c.Faults, fault())
	}
}

func parseContract(c *model.Contract, data []byte) {
	r := &contractReader{c: c}
	var err error
	if r.doc, err = jsonc.Parse(data); err != nil {
		var syntax *jsonc.SyntaxError
		if errors.As(err, &syntax) {
			c.Faults = []model.ContractFault{{Line: syntax.Line + 1, Kind: model.FaultSyntax, Text: syntax.Text}}
		}
		return
	}
	root, there := r.doc.Lookup()
	if !there || root.Kind != jsonc.Object {
		c.Faults = []model.ContractFault{{Line: 1, Kind: model.FaultSyntax, Text: "it has to be an object: { … }"}}
		return
	}
	r.members(nil, "$schema", "version", "require", "forbid", "versions", "accept")
	if node, ok := r.doc.Lookup("version"); !ok || string(node.Value) != "1" {
		r.fault(model.FaultType, []string{"version"}, "it has to be 1, the only version of this format that this gophantom knows")
	}
	for i := range r.entries("require") {
		r.demand(false, "require", strconv.Itoa(i))
	}
	for i := range r.entries("forbid") {
		r.demand(true, "forbid", strconv.Itoa(i))
	}
	for i := range r.entries("versions") {
		r.version("versions", strconv.Itoa(i))
	}
	for i := range r.entries("accept") {
		r.acceptance("accept", strconv.Itoa(i))
	}
	for _, f := range contradictions(c.Demands) {
		r.add(func() model.ContractFault { return f })
	}
	slices.SortStableFunc(c.Faults, func(a, b model.ContractFault) int { return a.Line - b.Line })
	if more := r.faults - len(c.Faults); more > 0 {
		c.Faults[len(c.Faults)-1].Text += fmt.Sprintf("; %d more mistakes are not listed", more)
	}
}

// line is where a member stands, or else the nearest one around it, from 1.
func (r *contractReader) line(path []string) int {
	for ; ; path = path[:len(path)-1] {
		if node, ok := r.doc.Lookup(path...); ok {
			at := node.Start
			if node.KeyEnd > 0 {
				at = node.KeyStart
			}
			return r.doc.Line(at) + 1
		}
		if len(path) == 0 {
			return 1
		}
	}
}

func (r *contractReader) fault(kind string, path []string, text string) {
	r.add(func() model.ContractFault {
		name := ""
		for _, p := range path {
			if _, err := strconv.Atoi(p); err == nil {
				name += "[" + p + "]"
				continue
			}
			name += "." + p
		}
		return model.ContractFault{Line: r.line(path), Kind: kind, Key: strings.TrimPrefix(name, "."), Text: text}
	})
}

// members says which members an object may have.
func (r *contractReader) members(path []string, allowed ...string) {
	for _, name := range slices.Sorted(maps.Keys(r.doc.Members(path...))) {
		if !slices.Contains(allowed, name) {
			r.fault(model.FaultKey, append(slices.Clone(path), name), "it may have "+strings.Join(allowed, ", "))
		}
	}
}

// entries counts the elements of a list that count.
func (r *contractReader) entries(name string) int {
	node, ok := r.doc.Lookup(name)
	if !ok {
		return 0
	}
	var list []json.RawMessage
	if node.Kind != jsonc.Array || json.Unmarshal(node.Value, &list) != nil {
		r.fault(model.FaultType, []string{name}, "it has to be a list: [ … ]")
	}
	if len(list) > maxEntries {
		r.fault(model.FaultType, []string{name}, fmt.Sprintf("it has %d entries, and only the first %d count", len(list), maxEntries))
	}
	return min(len(list), maxEntries)
}

// object reports whether an entry is one.
func (r *contractReader) object(path []string, allowed ...string) bool {
	if node, _ := r.doc.Lookup(path...); node.Kind != jsonc.Object {
		r.fault(model.FaultType, path, "it has to be an object: { … }")
		return false
	}
	r.members(path, allowed...)
	return true
}

// text reads a string; ok is false if there is none.
func (r *contractReader) text(path []string, name string) (text string, ok bool) {
	path = append(slices.Clone(path), name)
	node, there := r.doc.Lookup(path...)
	if !there {
		return "", false
	}
	if node.Kind != jsonc.String || json.Unmarshal(node.Value, &text) != nil {
		r.fault(model.FaultType, path, "it has to be a text in double quotes")
		return "", false
	}
	return text, true
}

// needed reads a string that has to be there and not empty.
func (r *contractReader) needed(path []string, name string) (text string, ok bool) {
	faults := r.faults
	if text, ok = r.text(path, name); strings.TrimSpace(text) == "" && r.faults == faults {
		r.fault(model.FaultType, append(slices.Clone(path), name), "it is missing")
	}
	return text, ok && strings.TrimSpace(text) != ""
}

// list reads a list of strings that are not empty; allowed are the only ones it
// may have, nil for any.
func (r *contractReader) list(path []string, name string, allowed []string) (list []string) {
	path = append(slices.Clone(path), name)
	node, there := r.doc.Lookup(path...)
	if !there {
		return nil
	}
	if node.Kind != jsonc.Array || json.Unmarshal(node.Value, &list) != nil || len(list) == 0 || slices.Contains(list, "") {
		r.fault(model.FaultType, path, "it has to be a list of texts that are not empty")
		return nil
	}
	for i, text := range list {
		if allowed != nil && !slices.Contains(allowed, text) {
			r.fault(model.FaultType, append(slices.Clone(path), strconv.Itoa(i)), "it has to be one of "+strings.Join(allowed, ", "))
		}
	}
	return list
}

// What an entry may say of the machines that it counts on.
var (
	contractKinds     = []string{"local", "ci", "wsl", "ssh-remote", "dev-container", "attached-container", "codespaces", "tunnel"}
	contractPlatforms = []string{"linux", "darwin", "windows", "freebsd", "netbsd", "openbsd"}
	contractEnvs      = []string{"editor", "tools", "gopls", "shell-home", "shell", "terminal", "debug", "test"}
)

// scope reads where a demand counts.
func (r *contractReader) scope(d *model.Demand, path []string) {
	d.Line = r.line(path)
	for _, name := range r.list(path, "environments", contractEnvs) {
		d.Environments = append(d.Environments, model.EnvName(name))
	}
	d.Platforms, d.Kinds = r.list(path, "platforms", contractPlatforms), r.list(path, "machines", contractKinds)
	d.Why, _ = r.text(path, "why")
	d.Severity = model.Warning
	switch severity, given := r.text(path, "severity"); {
	case severity == "info":
		d.Severity = model.Info
	case given && severity != "warning":
		r.fault(model.FaultType, append(slices.Clone(path), "severity"), "it has to be “warning” or “info”")
	}
}

func (r *contractReader) demand(forbids bool, path ...string) {
	allowed := []string{"variable", "value", "contains", "environments", "platforms", "machines", "severity", "why"}
	if !forbids {
		allowed = slices.Insert(allowed, 2, "covers")
	}
	if !r.object(path, allowed...) {
		return
	}
	faults := r.faults
	d := model.Demand{Forbids: forbids}
	r.scope(&d, path)
	var value string
	d.Variable, _ = r.needed(path, "variable")
	if d.Variable != "" && !model.Kept(d.Variable) {
		r.fault(model.FaultType, append(slices.Clone(path), "variable"), "it is no variable that matters to Go, so Go Phantom never reads it")
	}
	value, d.Exact = r.text(path, "value")
	d.Value = model.NewValue(value)
	for _, text := range r.list(path, "contains", nil) {
		d.Contains = append(d.Contains, model.NewValue(text))
	}
	if !forbids {
		d.Covers = r.list(path, "covers", nil)
	}
	kinds := 0
	for _, given := range []bool{d.Exact, d.Contains != nil, d.Covers != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case r.faults > faults:
		return // told; half an entry would say something else than what was meant
	case kinds == 0 && !forbids:
		r.fault(model.FaultType, path, "it says nothing of the variable: give “value”, “covers” or “contains”")
	case kinds > 1:
		r.fault(model.FaultType, path, "give one of “value”, “covers” and “contains”, and a second entry for another")
	default:
		r.c.Demands = append(r.c.Demands, d)
	}
}

func (r *contractReader) version(path ...string) {
	if !r.object(path, "tool", "atLeast", "below", "environments", "platforms", "machines", "severity", "why") {
		return
	}
	faults := r.faults
	var d model.Demand
	r.scope(&d, path)
	d.Tool, _ = r.needed(path, "tool")
	if d.Tool != "" && d.Tool != "go" && d.Tool != "gopls" {
		r.fault(model.FaultType, append(slices.Clone(path), "tool"), "it has to be “go” or “gopls”")
	}
	for name, to := range map[string]*string{"atLeast": &d.AtLeast, "below": &d.Below} {
		text, given := r.text(path, name)
		*to = strings.TrimPrefix(strings.TrimPrefix(text, "go"), "v")
		if given && !semver.IsValid("v"+*to) && !version.IsValid("go"+*to) {
			r.fault(model.FaultType, append(slices.Clone(path), name), "it has to be a version such as “1.26.1”")
		}
	}
	switch {
	case r.faults > faults:
	case d.AtLeast == "" && d.Below == "":
		r.fault(model.FaultType, path, "it says nothing of the version: give “atLeast” or “below”")
	case d.AtLeast != "" && d.Below != "" && model.CompareVersions(d.AtLeast, d.Below) >= 0:
		r.fault(model.FaultConflict, path, "no version is at least "+d.AtLeast+" and below "+d.Below)
	default:
		r.c.Demands = append(r.c.Demands, d)
	}
}

var day = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (r *contractReader) acceptance(path ...string) {
	if !r.object(path, "rule", "subject", "owner", "reason", "expires", "platforms", "machines") {
		return
	}
	faults := r.faults
	a := model.Acceptance{Line: r.line(path)}
	a.Rule, _ = r.needed(path, "rule")
	a.Subject, _ = r.text(path, "subject")
	a.Owner, _ = r.needed(path, "owner")
	a.Reason, _ = r.needed(path, "reason")
	a.Platforms, a.Kinds = r.list(path, "platforms", contractPlatforms), r.list(path, "machines", contractKinds)
	expires, given := r.needed(path, "expires")
	if given {
		date, err := time.Parse(time.DateOnly, expires)
		if err != nil || !day.MatchString(expires) {
			r.fault(model.FaultType, append(slices.Clone(path), "expires"), "it has to be a day such as “2027-01-31”")
		}
		a.Expires, a.Until = expires, date.AddDate(0, 0, 1)
	}
	if r.faults == faults {
		r.c.Accepted = append(r.c.Accepted, a)
	}
}

// contradictions finds entries about one variable that no value can satisfy, on
// machines and in environments that both count on.
func contradictions(demands []model.Demand) (faults []model.ContractFault) {
	byVariable := map[string][]model.Demand{}
	for _, d := range demands {
		if d.Variable == "" {
			continue
		}
		for _, other := range byVariable[d.Variable] {
			if text := conflict(other, d); text != "" && meet(other, d) {
				faults = append(faults, model.ContractFault{Line: d.Line, Kind: model.FaultConflict, Key: d.Variable, Text: fmt.Sprintf("%s, as line %d says", text, other.Line)})
				break
			}
		}
		// Of a variable with very many entries only the first are compared.
		if len(byVariable[d.Variable]) < maxFaults {
			byVariable[d.Variable] = append(byVariable[d.Variable], d)
		}
	}
	return faults
}

// meet reports whether two demands count anywhere together.
func meet(a, b model.Demand) bool {
	return common(a.Platforms, b.Platforms) && common(a.Kinds, b.Kinds) && common(a.Environments, b.Environments)
}

func common[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

// conflict says why two demands about one variable cannot both hold; "" if they
// can. a is the earlier one.
func conflict(a, b model.Demand) string {
	if a.Forbids && !b.Forbids {
		a, b = b, a
	}
	switch {
	case a.Forbids && b.Forbids:
		return ""
	case !a.Forbids && !b.Forbids:
		if a.Exact && b.Exact && a.Value != b.Value {
			return "two different values are required"
		}
		return ""
	case !b.Exact && b.Contains == nil && !(a.Exact && a.Value.Empty()):
		return "it must not be set, and it is required"
	case a.Exact && b.Exact && a.Value == b.Value:
		return "the same value is required and forbidden"
	case slices.ContainsFunc(a.Contains, func(v model.Value) bool { return slices.Contains(b.Contains, v) }):
		return "the same entry is required and forbidden"
	}
	return ""
}
