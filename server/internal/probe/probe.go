// Package probe asks the servers of a route what they answer, because the user
// wants them asked: proxies, checksum databases and origins, in go's order, with
// our own patience. Nothing else in Go Phantom touches the network.
//
// It sends the credentials that go would send and never tells them: an answer
// says where they came from. What it concludes about a module is what the go
// command would do with the same answers; live tests hold it to that.
package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
	"golang.org/x/mod/semver"
)

// Options say in whose name servers are asked.
type Options struct {
	Env   model.Env
	Facts route.Facts
	// RunGOAUTH also runs the commands that GOAUTH names, as go would. Otherwise
	// only netrc is read.
	RunGOAUTH bool
	// Patience bounds each request: the time to the header of the answer, and
	// once more its body. 0 means world.DefaultPatience.
	Patience time.Duration
	// Tell, if set, is told what is asked, in a few words without secrets.
	Tell func(what string)
	// Silent, if set, has the hosts that let a request wait in vain. They are
	// not asked again, so that many modules do not take many times the patience.
	Silent map[string]bool
}

// Verdict is what go would make of the answers.
type Verdict string

const (
	Served    Verdict = "served"    // go gets the module
	Fails     Verdict = "fails"     // go gives up with Result.GoText
	Hangs     Verdict = "hangs"     // go waits for ever, or longer than anybody would
	Undecided Verdict = "undecided" // Result.Why says why
	Unasked   Verdict = "unasked"   // a build asks nobody for it
)

// Result is what came of probing one module.
type Result struct {
	Route  route.Route
	Module route.Module // what was asked for: the target of the route, with its version
	Steps  []Step       // one for each of Route.Steps
	SumDB  []Answer     // what the checksum database, or a proxy in its place, answered
	// Verdict and Why, one sentence, say what go would do in the end. By is the
	// index of the step that serves the module, -1 if none does.
	Verdict Verdict
	Why     string
	By      int
	GoText  model.Value // what go says; empty unless Verdict is Fails
	Faults  []Fault     // what is wrong, as the catalogue has it

	whole    bool // all of the zip came
	recorded bool // go.sum has the hash of the zip
}

// Step is one step of the route and what it answered.
type Step struct {
	route.Step
	Reached bool // go would get this far
	Answers []Answer
}

// Outcome is what one answer means for the walk along the steps.
type Outcome string

const (
	OK       Outcome = "ok"
	NotFound Outcome = "not-found" // go goes on to the next step
	Failed   Outcome = "failed"    // go goes on only behind "|"
	Hung     Outcome = "hung"      // go would not come back
)

// Answer is one question and what came back.
type Answer struct {
	What    string // "list", "latest", "info", "mod", "zip", "supported", "lookup", "tile", "go-import", "git" or "origin"
	URL     model.Value
	Via     model.Value // the HTTP proxy it went through; empty if none
	Auth    string      // where the credentials came from that were sent; "" if none were
	Hops    []model.Value
	Status  int
	Outcome Outcome
	Text    model.Value // what go says of it; empty if Outcome is OK
	Note    string      // one clause for people, beside Text: "a page of HTML instead of …"; "" if there is nothing to add
	Ref     string      // the row of the catalogue that it is; "" if it is none
	Remote  string
	Took    world.Took
	Certs   []world.Certificate
	Cert    string // what is wrong with the chain: a world.Cert constant; "" if it is trusted, or without TLS

	body   []byte
	head   []byte // status line and header, as a command of GOAUTH reads them
	length string // Content-Length, as it was said
	cut    bool   // the body is longer than was read
	ends   bool   // go ends on the spot
	lost   bool   // redirects led to no answer
}

// Fault is one row of the catalogue that answers showed.
type Fault struct {
	Ref  string
	Args map[string]model.Value
	Text model.Value
}

// Said is the result in the form that rules hear.
func (r Result) Said(env model.EnvName) []model.Said {
	if len(r.Faults) == 0 {
		return nil
	}
	said := model.Said{Env: env, Command: "probe", Text: r.GoText}
	for _, f := range r.Faults {
		said.Messages = append(said.Messages, model.Message{Refs: []string{f.Ref}, Args: f.Args, Text: f.Text})
	}
	if said.Text.Empty() {
		said.Text = r.Faults[0].Text
	}
	return []model.Said{said}
}

// listed reports whether go looks for the version that a query means in the
// list of all: a comparison, the beginning of a version, or what it has by now.
func listed(query string) bool {
	return query == "upgrade" || query == "patch" || strings.HasPrefix(query, "<") || strings.HasPrefix(query, ">") ||
		semver.IsValid(query) && semver.Canonical(query) != query && !strings.Contains(query, "+")
}

// Route asks for one module as a build in the environment would, and says what
// go would do with the answers. Cancelling ctx ends it at once, undecided.
func Route(ctx context.Context, w *world.World, m route.Module, o Options) Result {
	r := Result{Route: route.Explain(m, o.Env, o.Facts), By: -1, Verdict: Unasked}
	r.Module = r.Route.Target
	for _, s := range r.Route.Steps {
		r.Steps = append(r.Steps, Step{Step: s})
	}
	switch {
	case len(r.Steps) == 0 && r.Route.Unknown != "":
		r.Verdict, r.Why = Undecided, r.Route.Unknown
		return r
	case len(r.Steps) == 0 && r.Route.Error.Empty():
		r.Why = "A build takes it from this machine, so nobody is asked."
		return r
	case len(r.Steps) == 0:
		r.Verdict, r.GoText, r.Why = Fails, r.Route.Error, "go refuses before it asks anybody."
		return r
	case r.Route.Query && r.Module.Version == "latest":
		r.Module.Version = "" // which means the same to the servers
	case r.Route.Query && listed(r.Module.Version):
		r.Verdict, r.Why = Undecided, "go looks for the version it means among all there are; name one to learn more."
		return r
	case r.Route.Query && !r.Route.Error.Empty():
		r.Verdict, r.GoText, r.Why = Fails, r.Route.Error, "go refuses before it asks anybody."
		return r
	}
	p := newProber(ctx, w, o)
	walk := &walk{prober: p, Result: &r, origin: map[string]originAnswer{}, verdicts: map[string]*Answer{}}
	walk.run()
	p.hideResult(&r)
	if ctx.Err() != nil {
		r.Verdict, r.By, r.GoText, r.Why = Undecided, -1, model.Value{}, "The probe was stopped."
	}
	return r
}

// fault adds a fault once.
func (r *Result) fault(a Answer) {
	if a.Ref == "" || slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Ref == a.Ref && f.Args["url"] == a.URL }) {
		return
	}
	host := hostOf(a.URL.Reveal())
	args := map[string]model.Value{"url": a.URL, "host": model.NewValue(host), "module": model.NewValue(r.Module.Path), "version": model.NewValue(r.Module.Version)}
	if a.Status != 0 {
		args["status"] = model.NewValue(fmt.Sprint(a.Status))
	}
	if len(a.Hops) > 0 {
		args["from"] = a.URL
	}
	r.Faults = append(r.Faults, Fault{Ref: a.Ref, Args: args, Text: a.Text})
}
