package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Probing says how servers are asked.
type Probing struct {
	RunGOAUTH bool         // also run the commands that GOAUTH names
	Tell      func(string) // is told what is asked; nil: nobody is
	File      string       // the go.mod in whose directory go works; "" for the folder of the picture

	// silent are the hosts that let a request wait in vain; those of earlier
	// modules are not asked again.
	silent map[string]bool
}

// Probe asks the servers on the routes of modules in one environment of a
// picture. It reaches the network: only somebody who was asked to may call it.
// said is what rules hear of it.
func Probe(ctx context.Context, w *world.World, s *model.Snapshot, env model.Env, how Probing, modules ...route.Module) (probes []report.Probe, said []model.Said) {
	facts := route.FactsOf(s, env).Near(how.File)
	if how.silent == nil {
		how.silent = map[string]bool{}
	}
	var results []probe.Result
	for _, m := range modules {
		r := probe.Route(ctx, w, m, probe.Options{Env: env, Facts: facts, RunGOAUTH: how.RunGOAUTH, Tell: how.Tell, Silent: how.silent})
		results, probes = append(results, r), append(probes, publicProbe(r, string(env.Name)))
		said = append(said, r.Said(env.Name)...)
	}
	return probes, append(said, untold(s, env, results, said)...)
}

// untold says of results with which go would not get a module that so it is,
// unless some rule makes something of what was said.
func untold(s *model.Snapshot, env model.Env, results []probe.Result, said []model.Said) (more []model.Said) {
	with := *s
	with.Said = append(slices.Clip(s.Said), said...)
	findings, _ := rules.Run(&with)
	for _, r := range results {
		if r.Verdict != probe.Fails && r.Verdict != probe.Hangs {
			continue
		}
		told := slices.ContainsFunc(findings, func(f model.Finding) bool {
			return slices.Contains(f.Environments, env.Name) && slices.ContainsFunc(r.Faults, func(fault probe.Fault) bool { return fault.Ref == f.Ref })
		})
		if told || len(r.Faults) == 0 && len(r.Route.Steps) == 0 { // without steps, the settings are at fault, which rules read
			continue
		}
		more = append(more, model.Said{Env: env.Name, Command: "probe", Text: r.GoText, Messages: []model.Message{{
			Refs: []string{"PX-UNSERVED"}, Text: r.GoText,
			Args: map[string]model.Value{"module": model.NewValue(r.Module.Path + "@" + r.Module.Version), "why": model.NewValue(strings.TrimSuffix(r.Why, "."))},
		}}})
	}
	return more
}

// ProbeMissing probes what the environments in which builds run would have to
// download, each module once for each environment, and returns what the servers
// answered. What it cannot decide is a fault of the picture. It reaches the
// network, as Probe.
func ProbeMissing(ctx context.Context, w *world.World, s *model.Snapshot, how Probing) (all []report.Probe) {
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls} {
		env, ok := s.Env(name)
		if !ok || !env.Complete {
			continue
		}
		missing, _ := s.Missing(env)
		probes, said := Probe(ctx, w, s, env, Probing{RunGOAUTH: how.RunGOAUTH, Tell: how.Tell}, modulesOf(missing)...)
		s.Said = append(s.Said, said...)
		all = append(all, probes...)
		for _, p := range probes {
			if probe.Verdict(p.Verdict) == probe.Undecided {
				s.Faults = append(s.Faults, model.Fault{
					Subject: "probe", Text: "Whether go gets " + p.Module + "@" + p.Version + " in " + string(env.Name) + " is not known. " + p.Why, Hides: []string{"what the servers of " + p.Module + " do"},
				})
			}
		}
	}
	return all
}

func modulesOf(names []string) []route.Module {
	out := make([]route.Module, len(names))
	for i, name := range names {
		out[i] = moduleOf(name)
	}
	return out
}

func publicProbe(r probe.Result, environment string) report.Probe {
	out := report.Probe{
		Module: show(r.Module.Path), Version: show(r.Module.Version), Environment: environment, Verdict: string(r.Verdict),
		Why: show(r.Why), GoText: report.Show(r.GoText), ServedBy: r.By, Steps: []report.ProbeStep{}, SumDB: publicAnswers(r.SumDB), Refs: []string{},
	}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, report.ProbeStep{Kind: string(s.Kind), URL: report.Show(s.URL), Reached: s.Reached, Answers: publicAnswers(s.Answers)})
	}
	for _, f := range r.Faults {
		out.Refs = append(out.Refs, f.Ref)
	}
	return out
}

func publicAnswers(answers []probe.Answer) []report.ProbeAnswer {
	out := make([]report.ProbeAnswer, 0, len(answers))
	for _, a := range answers {
		out = append(out, publicAnswer(a))
	}
	return out
}

func publicAnswer(a probe.Answer) report.ProbeAnswer {
	out := report.ProbeAnswer{
		What: a.What, URL: report.Show(a.URL), Via: report.Show(a.Via), Auth: show(a.Auth), Redirects: []string{}, Status: a.Status,
		Outcome: string(a.Outcome), Text: report.Show(a.Text), Note: show(a.Note), Ref: a.Ref, Remote: a.Remote,
		Took: report.ProbeTook{
			Lookup: a.Took.Lookup.Milliseconds(), Connect: a.Took.Connect.Milliseconds(), TLS: a.Took.TLS.Milliseconds(),
			Header: a.Took.Header.Milliseconds(), Total: a.Took.Total.Milliseconds(),
		},
		TLS: report.ProbeTLS{Fault: a.Cert, Chain: []report.Certificate{}},
	}
	for _, hop := range a.Hops {
		out.Redirects = append(out.Redirects, report.Show(hop))
	}
	for _, c := range a.Certs {
		names := make([]string, len(c.Names))
		for i, name := range c.Names {
			names[i] = show(name)
		}
		out.TLS.Chain = append(out.TLS.Chain, report.Certificate{
			Subject: show(c.Subject), Issuer: show(c.Issuer), Names: names, From: c.NotBefore.UTC().Format(time.RFC3339), Until: c.NotAfter.UTC().Format(time.RFC3339),
		})
	}
	return out
}

// moduleOf reads "path@version".
func moduleOf(name string) route.Module {
	path, version, _ := strings.Cut(name, "@")
	return route.Module{Path: path, Version: version}
}

// VerifyProxy verifies a module proxy end to end in one environment of a
// picture. It reaches the network.
func VerifyProxy(ctx context.Context, w *world.World, s *model.Snapshot, env model.Env, address string, m route.Module, how Probing) report.Verification {
	o := probe.Options{Env: env, Facts: route.FactsOf(s, env), RunGOAUTH: how.RunGOAUTH, Tell: how.Tell}
	return publicVerification("proxy", model.NewValue(address), env.Name, probe.Proxy(ctx, w, address, m, o))
}

// VerifySumDB verifies a checksum database end to end, named as GOSUMDB names
// it. since is an earlier signed tree head, nil if there is none; head is the
// one that was verified now, nil if none was. It reaches the network.
func VerifySumDB(ctx context.Context, w *world.World, s *model.Snapshot, env model.Env, spec string, m route.Module, since []byte, how Probing) (v report.Verification, head []byte) {
	o := probe.Options{Env: env, Facts: route.FactsOf(s, env), RunGOAUTH: how.RunGOAUTH, Tell: how.Tell}
	found, head := probe.SumDB(ctx, w, spec, m, since, o)
	return publicVerification("sumdb", model.NewValue(spec), env.Name, found), head
}

func publicVerification(kind string, subject model.Value, env model.EnvName, found []probe.Check) report.Verification {
	out := report.Verification{Kind: kind, Subject: report.Show(subject), Environment: string(env), Checks: []report.VerifiedCheck{}}
	for _, c := range found {
		v := report.VerifiedCheck{Name: c.Name, Outcome: string(c.Grade), Text: report.Show(c.Text), Ref: c.Ref}
		if c.Answer != nil {
			a := publicAnswer(*c.Answer)
			v.Answer = &a
		}
		out.Checks = append(out.Checks, v)
	}
	return out
}
