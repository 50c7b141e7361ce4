package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/l10n"
)

//go:embed page.css
var pageStyle string

// pageScript is generated from extension/src/report by "npm run build".
//
//go:embed page.gen.js
var pageScript string

//go:embed page.html.tmpl
var pageText string

// pageWords are the texts that stand in the template and in the script: labels
// of the kind "page".
type pageWords map[string]string

func wordsOf(l l10n.Language) pageWords { return l.Words("page") }

// text is a text of the template, with {name} for each of the pairs.
func (w pageWords) text(english string, pairs ...any) string {
	out, ok := w[english]
	if !ok {
		out = english
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out = strings.ReplaceAll(out, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return out
}

func pageTemplate(w pageWords) *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"t": w.text}).Parse(pageText))
}

// HTML is the comparison of environments as one file that needs nothing else
// and reaches nothing: its policy allows its own style and script and no more.
func (e Environments) HTML(l l10n.Language) (string, error) {
	s := e.sheet()
	v := e.view(s, l)
	v.entitle(l, "Go environments", s.mark, s.headline)
	v.Advice = l.Text(s.advice)
	return v.page(l, pageData{})
}

// HTML is the whole report, in the same way. Its policy also holds in a panel of
// an editor, to which the page speaks where there is one. Its Markdown, which is
// to be pasted into an issue, is English.
func (r EnvironmentReport) HTML(l l10n.Language) (string, error) {
	s := r.Environments.sheet()
	v := r.Environments.view(s, l)
	m, headline := r.headline()
	v.entitle(l, "Environment report", m, headline)
	v.Full, v.Drift = true, l.Text(s.headline)
	document := r.In(l)
	return v.page(l, pageData{Document: &document, Markdown: r.Markdown()})
}

func (v *pageView) entitle(l l10n.Language, title string, m mark, headline string) {
	v.Title, v.Symbol, v.Look, v.Word, v.Headline = wordsOf(l).text(title), m.symbol, m.word, l.Label("mark", m.word), l.Text(headline)
}

// pageData is what the script of the page draws from.
type pageData struct {
	Document *EnvironmentReport `json:"document"` // null: environments alone
	Markdown string             `json:"markdown"`
	Words    pageWords          `json:"words"` // null: English
}

func (v pageView) page(l l10n.Language, data pageData) (string, error) {
	v.Lang, data.Words = l.Tag(), wordsOf(l)
	text, err := inert(data)
	if err != nil {
		return "", err
	}
	v.Policy = "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; base-uri 'none'; form-action 'none'"
	v.Style, v.Script, v.Data = template.CSS(pageStyle), template.JS(pageScript), template.JS(text) //nolint:gosec // all are ours
	var b strings.Builder
	if err := pageTemplate(data.Words).Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (e Environments) view(s sheet, l l10n.Language) pageView {
	v := pageView{
		Dir: word(e.Snapshot.Dir), Taken: e.Snapshot.Taken,
		Hidden: viewFacts(s.hidden, l), Compared: s.compared,
		Programs: viewFacts(s.programs, l), Editor: viewFacts(s.editor, l), Sources: viewFacts(s.sources, l), Notes: l.Texts(s.notes),
	}
	if s.starred {
		v.Star = l.Text(starNote)
	}
	for i := range v.Editor {
		v.Editor[i].Name = wordsOf(l).text(v.Editor[i].Name)
	}
	number := 0
	show := func(b block) blockView {
		number++
		return b.view(fmt.Sprintf("variable-%d", number), l)
	}
	for _, b := range slices.Concat(s.matter, s.idle) {
		shown := show(b)
		row := rowView{ID: shown.ID, Name: b.name, Matters: wordsOf(l).text(b.matters())}
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
		Lang, Title, Dir, Taken   string
		Full                      bool   // the whole report, not environments alone
		Drift                     string // the headline of the environments, where it is not the one of the page
		Symbol, Look, Word        string
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

func viewFacts(facts []fact, l l10n.Language) []factView {
	var out []factView
	for _, f := range facts {
		out = append(out, factView{f.name, l.Texts(f.lines)})
	}
	return out
}

// long is how many bytes of a value are shown unfolded.
const long = 300

func (b block) view(id string, l l10n.Language) blockView {
	v := blockView{ID: id, Name: b.name, Why: l.Text(b.why), More: l.Texts(b.more)}
	switch b.mark {
	case markMatters, markLater, markSome:
		v.Class = "matters"
	case markIdle:
		v.Why = l.Text(upperFirst(b.why))
	}
	for _, g := range b.groups {
		shown := groupView{
			Envs: strings.Join(g.envs, ", "), Value: g.value, Brief: l.Text(g.brief), State: wordsOf(l).text(g.state),
			Origin: g.origin.view(l),
		}
		if g.program {
			shown.Value = l.Text(g.value)
		}
		if shown.Brief == "" && len(g.value) > long {
			shown.Brief = firstRunes(g.value, 100) + "…"
		}
		for _, h := range g.shadows {
			shown.Shadows = append(shown.Shadows, shadowView{h.value, h.same, h.origin.view(l)})
		}
		v.Groups = append(v.Groups, shown)
	}
	return v
}

func (o origin) view(l l10n.Language) originView {
	return originView{l.Text(o.lead), o.spot, l.Text(o.tail), o.file, o.line}
}

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
