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

//go:embed env.css
var envStyle string

//go:embed env.js
var envScript string

//go:embed env.html.tmpl
var envPage string

var envTemplate = template.Must(template.New("env").Parse(envPage))

// HTML is the comparison of environments as one file that needs nothing else
// and reaches nothing: its policy allows its own style and script and no more.
func (e Environments) HTML() (string, error) {
	s := e.sheet()
	v := envView{
		Policy: "default-src 'none'; style-src " + hash(envStyle) + "; script-src " + hash(envScript) + "; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(envStyle), Script: template.JS(envScript), //nolint:gosec // both are ours
		Dir: word(e.Snapshot.Dir), Taken: e.Snapshot.Taken,
		Symbol: s.mark.symbol, Word: s.mark.word, Headline: s.headline, Advice: s.advice,
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
	var b strings.Builder
	if err := envTemplate.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// hash is the source expression of a policy for an inline text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// What the template sees. It reads exported fields only.
type (
	envView struct {
		Policy                    string
		Style                     template.CSS
		Script                    template.JS
		Dir, Taken                string
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
	originView struct{ Lead, Spot, Tail string }
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

func (o origin) view() originView { return originView{o.lead, o.spot, o.tail} }

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
