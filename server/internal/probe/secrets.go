package probe

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// keepSecret notes what a URL holds of credentials.
func (p *prober) keepSecret(u *url.URL) {
	if u.User == nil {
		return
	}
	user := u.User.Username()
	password, _ := u.User.Password()
	basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	if password == "" {
		password = user // a token
	}
	for _, secret := range []string{password, basic} {
		if !slices.Contains(p.secrets, secret) {
			p.secrets = append(p.secrets, secret)
		}
	}
}

// instead stands where a server repeated a secret.
const instead = "[secret]"

// hide takes the secrets that were sent out of what a server said, which may
// repeat them. The short ones go as whole words only.
func (p *prober) hide(text string) string {
	if text == "" || len(p.secrets) == 0 {
		return text
	}
	var forms []string
	for _, s := range p.secrets {
		forms = append(forms, s, url.PathEscape(s), url.QueryEscape(s))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	for _, s := range slices.Compact(forms) {
		switch {
		case !strings.Contains(text, s) || len(s) < 3:
		case len(s) >= 8:
			text = strings.ReplaceAll(text, s, instead)
		default:
			word := regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(s) + `($|[^\w-])`)
			for range 2 { // neighbours share what is between them
				text = word.ReplaceAllString(text, "${1}"+instead+"${2}")
			}
		}
	}
	return text
}

func (p *prober) hideValue(v model.Value) model.Value {
	if v.Empty() {
		return v
	}
	return model.NewValue(p.hide(v.Reveal()))
}

// hideAnswer takes secrets out of what an answer says.
func (p *prober) hideAnswer(a *Answer) {
	a.Text, a.Note = p.hideValue(a.Text), p.hide(a.Note)
	for i := range a.Hops {
		a.Hops[i] = p.hideValue(a.Hops[i])
	}
}

// hideResult takes secrets out of what servers said of a module.
func (p *prober) hideResult(r *Result) {
	for i := range r.Steps {
		for j := range r.Steps[i].Answers {
			p.hideAnswer(&r.Steps[i].Answers[j])
		}
	}
	for i := range r.SumDB {
		p.hideAnswer(&r.SumDB[i])
	}
	for i := range r.Faults {
		r.Faults[i].Text = p.hideValue(r.Faults[i].Text)
	}
	r.GoText, r.Why = p.hideValue(r.GoText), p.hide(r.Why)
}

// hideChecks does the same for checks.
func (p *prober) hideChecks(c checks) {
	for i := range c {
		c[i].Text = p.hideValue(c[i].Text)
		if c[i].Answer != nil {
			p.hideAnswer(c[i].Answer)
		}
	}
}
