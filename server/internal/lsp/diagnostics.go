package lsp

import (
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

const (
	source      = "gophantom"
	codePhantom = "phantom"
	codeUnknown = "unknown"
)

// diagnosticData travels with a diagnostic or code action.
type diagnosticData struct {
	Snapshot  int    `json:"snapshot"`
	ContextID string `json:"contextId"`
}

// rulePage is where a rule is documented.
func (s *server) rulePage(rule string) uri.URI {
	if l := s.peer.language; engine.Documented(l, rule) {
		rule = string(l) + "/" + rule
	}
	return uri.URI("https://github.com/gophantom/gophantom/blob/main/docs/rules/" + rule + ".md")
}

// diagnostics is a report as problems of documents. It never claims more than
// a warning: the code may be fine.
func (s *server) diagnostics(r report.Report) map[uri.URI][]protocol.Diagnostic {
	out := map[uri.URI][]protocol.Diagnostic{}
	for _, f := range r.Findings {
		if f.Location == nil {
			s.log.Debug("finding without a place to show it", "rule", f.Rule, "contextId", f.ContextID)
			continue
		}
		doc := s.canonical(f.Location.URI)
		severity := protocol.DiagnosticSeverityWarning
		if f.Severity == string(model.Info) {
			severity = protocol.DiagnosticSeverityInformation
		}
		out[doc] = append(out[doc], protocol.Diagnostic{
			Range:              wireRange(f.Location.Range),
			Severity:           severity,
			Source:             protocol.NewOptional(source),
			Code:               protocol.String(f.Rule),
			CodeDescription:    protocol.CodeDescription{Href: s.rulePage(f.Rule)},
			Message:            protocol.String(f.Message),
			RelatedInformation: s.origins(f),
			Data:               data(r.Snapshot.Number, f.ContextID),
		})
	}
	for _, p := range r.Problems {
		d := protocol.Diagnostic{
			Range:  wireRange(p.Range),
			Source: protocol.NewOptional(source),
			Data:   data(r.Snapshot.Number, p.ContextID),
		}
		switch model.VerdictKind(p.Verdict) {
		case model.Phantom:
			d.Severity, d.Code = protocol.DiagnosticSeverityWarning, protocol.String(codePhantom)
			d.CodeDescription = protocol.CodeDescription{Href: s.rulePage(codePhantom)}
			for _, f := range sharing(r.Findings, p.ContextID) {
				d.RelatedInformation = append(d.RelatedInformation, s.origins(f)...)
			}
		case model.Unknown:
			d.Severity, d.Code = protocol.DiagnosticSeverityInformation, protocol.String(codeUnknown)
		default:
			continue // gopls says it already, or there is nothing to say
		}
		if p.Summary == "" {
			continue
		}
		d.Message = protocol.String(p.Summary)
		doc := s.canonical(p.URI)
		out[doc] = append(out[doc], d)
	}
	return out
}

// sharing returns the findings of one cause.
func sharing(findings []report.Finding, contextID string) []report.Finding {
	var out []report.Finding
	for _, f := range findings {
		if contextID != "" && f.ContextID == contextID {
			out = append(out, f)
		}
	}
	return out
}

// origins points to the lines that explain a finding.
func (s *server) origins(f report.Finding) []protocol.DiagnosticRelatedInformation {
	var out []protocol.DiagnosticRelatedInformation
	add := func(o report.Origin, what string) {
		if o.File == "" {
			return
		}
		if o.Note != "" {
			what += " (" + o.Note + ")"
		}
		at := protocol.Position{Line: clamp(o.Line - 1)}
		out = append(out, protocol.DiagnosticRelatedInformation{
			Location: protocol.Location{URI: s.uri(o.File), Range: protocol.Range{Start: at, End: at}},
			Message:  s.peer.language.Text(what),
		})
	}
	if f.Origin != nil {
		add(*f.Origin, f.Subject+" is set here: "+f.Origin.Layer)
	}
	for _, o := range f.Related {
		add(o, "see also: "+o.Layer)
	}
	return out
}

// canonical is the one spelling of a URI that we publish under, so that
// file:///c%3A/x and file:///C:/x are one document.
func (s *server) canonical(u string) uri.URI {
	if path, ok := s.path(uri.URI(u)); ok {
		return s.uri(path)
	}
	return uri.URI(u)
}

func data(snapshot int, contextID string) protocol.LSPAny {
	return encode(diagnosticData{Snapshot: snapshot, ContextID: contextID})
}

// encode is for our own types, which always encode.
func encode(v any) protocol.LSPAny {
	raw, err := protocol.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func wireRange(r report.Range) protocol.Range {
	return protocol.Range{
		Start: protocol.Position{Line: clamp(r.Start.Line), Character: clamp(r.Start.Character)},
		End:   protocol.Position{Line: clamp(r.End.Line), Character: clamp(r.End.Character)},
	}
}

// clamp makes a count fit the wire; a negative one means unknown.
func clamp(n int) uint32 { return uint32(max(n, 0)) }
