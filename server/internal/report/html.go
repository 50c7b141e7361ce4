package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

//go:embed page.css
var pageStyle string

// pageScript is generated from extension/src/report by "npm run build".
//
//go:embed page.gen.js
var pageScript string

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML is the comparison of environments as one file that needs nothing else
// and reaches nothing: its policy allows its own style and script and no more.
func (e Environments) HTML() (string, error) {
	s := e.sheet()
	v := e.view(s)
	v.Title, v.Symbol, v.Word, v.Headline, v.Advice = "Go environments", s.mark.symbol, s.mark.word, s.headline, s.advice
	return v.page(pageData{})
}

// HTML is the whole report, in the same way. Its policy also holds in a panel of
// an editor, to which the page speaks where there is one.
func (r EnvironmentReport) HTML() (string, error) {
	s := r.Environments.sheet()
	v := r.Environments.view(s)
	m, headline := r.headline()
	v.Title, v.Symbol, v.Word, v.Headline, v.Full, v.Drift = "Environment report", m.symbol, m.word, headline, true, s.headline
	return v.page(pageData{Document: &r, Markdown: r.Markdown()})
}

// pageData is what the script of the page draws from.
type pageData struct {
	Document *EnvironmentReport `json:"document"` // null: environments alone
	Markdown string             `json:"markdown"`
}

func (v pageView) page(data pageData) (string, error) {
	text, err := inert(data)
	if err != nil {
		return "", err
	}
	v.Policy = "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; base-uri 'none'; form-action 'none'"
	v.Style, v.Script, v.Data = template.CSS(pageStyle), template.JS(pageScript), template.JS(text) //nolint:gosec // all are ours
	var b strings.Builder
	if err := pageTemplate.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (e Environments) view(s sheet) pageView {
	v := pageView{
		Dir: word(e.Snapshot.Dir), Taken: e.Snapshot.Taken,
		Hidden: viewFacts(s.hidden), Compared: s.compared,
		Programs: viewFacts(s.programs), Editor: viewFacts(s.editor), Sources: viewFacts(s.sources), Notes: s.notes,
	}
	if s.starred {
		v.Star = starNote
	}
	number := 0
	show := func(b block) blockView {
		number++
		return b.view(fmt.Sprintf("variable-%d", number))
	}
	for _, b := range slices.Concat(s.matter, s.idle) {
		shown := show(b)
		row := rowView{ID: shown.ID, Name: b.name, Matters: b.matters()}
		for _, env := range s.compared {
			letter := b.letter(env)
			row.Letters = append(row.Letters, letterView{letter, strings.ToLower(letter)})
		}
		v.Rows = append(v.Rows, row)
		if b.mark == markIdle {
			v.Idle = append(v.Idle, shown)
		} else {
			v.Matter = append(v.Matter, shown)
		}
	}
	for _, b := range s.same {
		v.Same = append(v.Same, show(b))
	}
	return v
}

// hash is the source expression of a policy for an inline text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// What the template sees. It reads exported fields only.
type (
	pageView struct {
		Policy                    string
		Style                     template.CSS
		Script, Data              template.JS
		Title, Dir, Taken         string
		Full                      bool   // the whole report, not environments alone
		Drift                     string // the headline of the environments, where it is not the one of the page
		Symbol, Word              string
		Headline, Advice, Star    string
		Compared, Notes           []string
		Hidden                    []factView
		Rows                      []rowView
		Matter, Idle, Same        []blockView
		Programs, Editor, Sources []factView
	}
	factView struct {
		Name  string
		Lines []string
	}
	rowView struct {
		ID, Name, Matters string
		Letters           []letterView
	}
	letterView struct{ Letter, Class string }
	blockView  struct {
		ID, Name, Class, Why string
		More                 []string
		Groups               []groupView
	}
	groupView struct {
		Envs, Value, Brief, State string
		Origin                    originView
		Shadows                   []shadowView
	}
	shadowView struct {
		Value  string
		Same   bool
		Origin originView
	}
	originView struct {
		Lead, Spot, Tail, File string
		Line                   int
	}
)

func viewFacts(facts []fact) []factView {
	var out []factView
	for _, f := range facts {
		out = append(out, factView{f.name, f.lines})
	}
	return out
}

// long is how many bytes of a value are shown unfolded.
const long = 300

func (b block) view(id string) blockView {
	v := blockView{ID: id, Name: b.name, Why: b.why, More: b.more}
	switch b.mark {
	case markMatters, markLater, markSome:
		v.Class = "matters"
	case markIdle:
		v.Why = upperFirst(b.why)
	}
	for _, g := range b.groups {
		shown := groupView{
			Envs: strings.Join(g.envs, ", "), Value: g.value, Brief: g.brief, State: g.state,
			Origin: g.origin.view(),
		}
		if shown.Brief == "" && len(g.value) > long {
			shown.Brief = firstRunes(g.value, 100) + "…"
		}
		for _, h := range g.shadows {
			shown.Shadows = append(shown.Shadows, shadowView{h.value, h.same, h.origin.view()})
		}
		v.Groups = append(v.Groups, shown)
	}
	return v
}

func (o origin) view() originView { return originView{o.lead, o.spot, o.tail, o.file, o.line} }

// firstRunes is the beginning of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
