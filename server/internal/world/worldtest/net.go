package worldtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// exchange is one net section.
type exchange struct {
	method, url string
	proxy       string // "" fits any
	err         string
	hang        bool
	answer      world.Answer
}

func parseExchange(text string) (x exchange, err error) {
	line, text, _ := strings.Cut(text, "\n")
	method, url, ok := strings.Cut(line, " ")
	if !ok {
		return x, fmt.Errorf("%q is not METHOD URL", line)
	}
	x = exchange{method: method, url: url, answer: world.Answer{Status: http.StatusOK, Header: http.Header{}, Phase: world.PhaseBody}}
	for text != "" {
		line, text, _ = strings.Cut(text, "\n")
		word, value, _ := strings.Cut(line, " ")
		switch word {
		case "":
		case "proxy":
			x.proxy = value
		case "status":
			if x.answer.Status, err = strconv.Atoi(value); err != nil {
				return x, err
			}
		case "header":
			name, v, _ := strings.Cut(value, ": ")
			http.Header(x.answer.Header).Add(name, v)
		case "error":
			x.err = value
		case "hang":
			x.hang = true
		case "body":
			x.answer.Body = []byte(text)
			text = ""
		default:
			return x, fmt.Errorf("unknown line %q", line)
		}
	}
	x.answer.Reason = strings.TrimSpace(fmt.Sprint(x.answer.Status, " ", http.StatusText(x.answer.Status)))
	return x, nil
}

type network struct{ s *Scenario }

func (n network) Ask(ctx context.Context, a world.Ask) (world.Answer, error) {
	if err := ctx.Err(); err != nil {
		return world.Answer{}, err
	}
	if a.Method == "" {
		a.Method = http.MethodGet
	}
	n.s.mu.Lock()
	n.s.asked = append(n.s.asked, a)
	n.s.mu.Unlock()
	i := slices.IndexFunc(n.s.exchanges, func(x exchange) bool {
		return x.method == a.Method && x.url == a.URL && (x.proxy == "" || x.proxy == a.Proxy)
	})
	if i < 0 {
		if n.s.strict {
			n.s.t.Errorf("%s: this request is not recorded: %s %s", n.s.file, a.Method, a.URL)
		}
		return world.Answer{Phase: world.PhaseLookup}, errors.New("dial tcp: lookup: no such host")
	}
	x := n.s.exchanges[i]
	switch {
	case x.hang:
		return world.Answer{Phase: world.PhaseHeader}, fmt.Errorf("no answer: %w", world.ErrTimeout)
	case x.err != "":
		return world.Answer{Phase: world.PhaseConnect}, errors.New(x.err)
	}
	most := a.MaxBody
	if most == 0 {
		most = world.DefaultMaxBody
	}
	answer := x.answer
	answer.Truncated = len(answer.Body) > most
	answer.Body = answer.Body[:min(len(answer.Body), most)]
	return answer, nil
}

// Asked returns the requests that were sent, recorded or not, in order.
func (s *Scenario) Asked() []world.Ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]world.Ask(nil), s.asked...)
}
