package report

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gophantom/gophantom/server/internal/model"
)

// EnvironmentReportSchema identifies the contract of EnvironmentReport. Fields
// are only ever added to it.
const EnvironmentReportSchema = "gophantom.environment-report/1"

// EnvironmentReport is what "gophantom report" shows: everything that is known
// of one workspace, in one document.
type EnvironmentReport struct {
	Schema       string       `json:"schema"`
	Report       Report       `json:"report"`
	Environments Environments `json:"environments"`
	Routes       []Route      `json:"routes"`   // of what findings name and go.mod requires, where gopls runs and in the shell
	Timeline     []Moment     `json:"timeline"` // our history and what the logs of the Go extension and gopls say, the newest last

	Capture jsontext.Value `json:"capture,omitzero"` // what rules looked at, so that the report replays; absent where it is too large
}

// mostCarried bounds the capture in a report: a page of this and everything else
// still opens at once.
const mostCarried = 2 << 20

// Carry has the report carry the snapshot that it is of.
func (r *EnvironmentReport) Carry(s *model.Snapshot) {
	data, err := Capture(s, BuildVersion().Version)
	switch {
	case err != nil:
		r.Environments.Notes = append(r.Environments.Notes, "What was looked at could not be written down, so “gophantom check --replay” does not take this report.")
	case len(data) > mostCarried:
		r.Environments.Notes = append(r.Environments.Notes, "What was looked at is too large to be in here, so “gophantom check --replay” does not take this report; “gophantom check --capture FILE” writes it to a file of its own.")
	default:
		r.Capture = jsontext.Value(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	}
}

// Text is the report for people: what was found, then what differs.
func (r EnvironmentReport) Text(st Style) string {
	return r.Report.Text(st) + "\n" + r.Environments.Text(st, false)
}

// mostListed is how many findings and problems the Markdown form has: it is to
// be pasted into an issue.
const mostListed = 50

// Markdown is the report to be pasted into an issue.
func (r EnvironmentReport) Markdown() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	mark, headline := r.headline()
	line("### Environment report of Go Phantom")
	line()
	line("**", markdownText(mark.word), ":** ", markdownText(headline))
	line()
	var items []string
	for _, p := range r.Report.Problems {
		items = append(items, "**"+markdownText(p.headline())+"** "+markdownCode(spot(p.URI, p.Range.Start, r.Report.Snapshot.Dir))+": "+
			markdownText(firstLine(p.Message))+markdownSentence(p.Summary))
	}
	for _, f := range r.Report.Findings {
		item := "**" + markdownText(f.Severity) + "** " + markdownText(f.Message) + " (" + markdownCode(f.Rule) + ")"
		if f.Origin != nil && *f.Origin != (Origin{}) {
			item += " " + markdownCode(place(*f.Origin, r.Report.Snapshot.Dir))
		}
		items = append(items, item)
	}
	for _, u := range r.Report.Unknown {
		items = append(items, "**not decided** "+markdownCode(u.Rule)+": "+markdownText(u.Why))
	}
	for _, item := range items[:min(mostListed, len(items))] {
		line("- ", item)
	}
	if more := len(items) - mostListed; more > 0 {
		line("- … and ", fmt.Sprint(more), " more")
	}
	line()
	stuck := slices.DeleteFunc(slices.Clone(r.Routes), func(route Route) bool { return route.Error == "" && route.Probe == nil })
	for _, route := range stuck[:min(mostListed, len(stuck))] {
		says := route.Error
		if route.Probe != nil {
			says = route.Probe.Why
		}
		line("- ", markdownCode(route.name()), " in ", markdownText(route.Environment), ": ", markdownText(says))
	}
	if len(stuck) > 0 {
		line()
	}
	return b.String() + r.Environments.Markdown(false)
}

func markdownSentence(s string) string {
	if s == "" {
		return ""
	}
	return ". " + markdownText(s)
}

// headline is the most important thing to know, in one sentence.
func (r EnvironmentReport) headline() (mark, string) {
	m := markUnknown
	switch r.Report.Health {
	case "ok":
		m = markOK
	case "warning":
		m = markWarn
	case "error":
		m = severityMark("error")
	}
	if len(r.Report.Findings)+len(r.Report.Problems)+len(r.Report.Unknown) == 0 {
		return m, "Nothing is wrong with Go’s environment here."
	}
	return m, r.Report.summary()
}

// Files are the paths of all files that the report names, sorted: what a reader
// of it may want to open.
func (r EnvironmentReport) Files() []string {
	var files []string
	add := func(file string) {
		if file != "" {
			files = append(files, file)
		}
	}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			switch named := v.Interface().(type) {
			case Location:
				add(FileOf(named.URI))
			case Origin:
				add(named.File)
			case Problem:
				add(FileOf(named.URI))
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, value := range v.Seq2() {
				walk(value)
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		}
	}
	walk(reflect.ValueOf(r))
	slices.Sort(files)
	return slices.Compact(files)
}

// inert is a value as JSON that stands inside a script element and cannot end
// it: no character of it has a meaning in HTML.
func inert(v any) (string, error) {
	data, err := encode(v, "")
	if err != nil {
		return "", err
	}
	return inertJSON.Replace(strings.TrimSpace(string(data))), nil
}

// In JSON, these occur in strings only.
var inertJSON = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`)
