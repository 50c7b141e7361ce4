package engine

import (
	"io"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/verify"
)

// hear gives a new snapshot what was said: of logs and gopls as far as the catalogue
// knows it, and all that go itself said.
func hear(s *model.Snapshot, said []model.Said) {
	for _, u := range said {
		u.Messages = trace.Classify(u.Text)
		if u.Command == gopls {
			u.Messages = goplsOwn(s, u)
		}
		if len(u.Messages) > 0 || strings.HasPrefix(u.Command, "go ") {
			s.Said = append(s.Said, u)
		}
	}
}

// gopls is the Command of what gopls says.
const gopls = "gopls"

// problemTexts are the texts of the problems that gopls shows.
func problemTexts(s *model.Snapshot) (out []model.Said) {
	for _, p := range s.Problems {
		if p.Stale {
			continue
		}
		path, _ := verify.ImportOf(p)
		out = append(out, model.Said{Env: model.EnvGopls, Command: gopls, Location: &p.Location, Package: path, Text: model.NewValue(p.Message)})
	}
	return out
}

// saidOf are the texts of what go fails at.
func saidOf(failures []model.Verdict) (out []model.Said) {
	for _, v := range failures {
		if v.Fetch {
			continue // it says that we let it fetch nothing
		}
		out = append(out, model.Said{Env: model.EnvShell, Command: "go list", Location: &v.Problem.Location, Text: v.TrueReason})
	}
	return out
}

// goplsOwn drops what go said to gopls only because gopls itself sets
// GOPROXY=off when it loads a second time.
func goplsOwn(s *model.Snapshot, u model.Said) []model.Message {
	env, _ := s.Env(model.EnvGopls)
	if strings.TrimSpace(env.Lookup("GOPROXY").Value.Reveal()) == "off" {
		return u.Messages
	}
	return slices.DeleteFunc(u.Messages, func(m model.Message) bool { return slices.Contains(m.Refs, "PX-OFF-COLD") })
}

// maxLogMessages is how many different messages of a log are kept.
const maxLogMessages = 1000

// LogCount says what became of a log.
type LogCount struct {
	Lines   int // that hold something
	Unknown int // that are no message we know
	Known   int // messages that we know
	Left    int // of these, how many were left out because there are too many
	// Refs are the likeliest refs of the messages, each once.
	Refs []string
}

// ReadLog reads what go or gopls printed, of any size, and returns what the
// catalogue knows of it, each text once: said in the given environment.
func ReadLog(r io.Reader, env model.EnvName) (said []model.Said, count LogCount, err error) {
	seen := map[model.Value]bool{}
	lines, err := trace.Read(r, func(m model.Message) {
		count.Known++
		if !slices.Contains(count.Refs, m.Refs[0]) {
			count.Refs = append(count.Refs, m.Refs[0])
		}
		switch {
		case seen[m.Text]:
		case len(seen) == maxLogMessages:
			count.Left++
		default:
			seen[m.Text] = true
			said = append(said, model.Said{Env: env, Command: "log", Text: m.Text, Messages: []model.Message{m}})
		}
	})
	count.Lines, count.Unknown = lines.Lines, lines.Unknown
	return said, count, err
}

// Recognise returns the refs of the catalogue that print a text, the likeliest
// first; none if it is not known.
func Recognise(text string) (refs []string) {
	for _, m := range trace.Classify(model.NewValue(text)) {
		for _, ref := range m.Refs {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}
