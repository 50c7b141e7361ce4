package probe

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// database is a checksum database as golang.org/x/mod/sumdb asks it: it keeps
// what it saw in memory, and nothing else.
type database struct {
	*prober
	name, key string
	base      string // where it is asked

	mu       sync.Mutex
	answers  []Answer
	config   map[string][]byte // "NAME/latest": the newest tree head that was seen
	cache    map[string][]byte
	security string // what a misbehaving server was caught with; "" if nothing
	refused  Answer // the answer that ended it; zero if none did
}

func newDatabase(p *prober, name, key, base string, head []byte) *database {
	return &database{prober: p, name: name, key: key, base: base, config: map[string][]byte{name + "/latest": head}, cache: map[string][]byte{}}
}

func (d *database) ReadRemote(file string) ([]byte, error) {
	target, err := below(d.base, file)
	if err != nil {
		return nil, err
	}
	what := "lookup"
	if strings.HasPrefix(file, "/tile/") {
		what = "tile"
	}
	a := d.get(what, target, textLimit, false)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case a.Outcome == OK:
		d.answers = append(d.answers, a)
		return a.body, nil
	case a.Outcome == NotFound && what == "lookup":
		a.Ref = "PV-NONOSUMDB"
	case a.Status == 0 && a.Outcome == Failed && a.Ref != "PX-TLS" && !a.ends:
		a.Ref = "SD-OFFLINE"
	}
	d.answers, d.refused = append(d.answers, a), a
	if a.Outcome == Hung {
		return nil, errors.New("no answer")
	}
	return nil, errors.New(a.Text.Reveal())
}

func (d *database) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(d.key), nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config[file], nil
}

func (d *database) WriteConfig(file string, old, new []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.config[file], old) {
		return sumdb.ErrWriteConflict
	}
	d.config[file] = new
	return nil
}

func (d *database) ReadCache(file string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if data, ok := d.cache[file]; ok {
		return data, nil
	}
	return nil, errors.New("not there")
}

func (d *database) WriteCache(file string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cache[file] = data
}

func (d *database) Log(string) {}

func (d *database) SecurityError(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.security = text
}

// below is the address of a file below a base (cmd/go/internal/web.Join).
func below(base, file string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u.Path, u.RawPath = path.Join(u.Path, "/")+"/"+strings.TrimPrefix(file, "/"), ""
	u.Path = strings.TrimPrefix(u.Path, "/")
	if u.Host != "" || u.Scheme == "file" {
		u.Path = "/" + strings.TrimPrefix(u.Path, "/")
	}
	return u.String(), nil
}

// findDatabase finds out where go asks the checksum database: at the first
// proxy that stands in for it, or itself. last is the answer that decided; it is
// OK if there is a database to ask.
func (p *prober) findDatabase(steps []route.Step, db route.SumDB) (base string, answers []Answer, last Answer) {
	if !db.Proxied {
		return db.URL.Reveal(), nil, Answer{Outcome: OK}
	}
	var failed *Answer // what go reports, unless it is told to ask directly
	for _, s := range steps {
		if s.Kind == route.Direct {
			failed = nil
		}
		if s.Kind == route.Direct || s.Kind == route.Off {
			break
		}
		if s.Kind != route.Proxy {
			continue
		}
		proxied, err := below(s.URL.Reveal(), "sumdb/"+db.Name)
		if err != nil {
			continue
		}
		a := p.get("supported", proxied+"/supported", textLimit, false)
		if a.Outcome == Failed && a.Status != 0 && a.Status != 401 && a.Status != 407 {
			a.Ref = "SD-PROXY403"
		}
		if a.Outcome == NotFound {
			a.Note = "it does not stand in for the checksum database"
		}
		answers = append(answers, a)
		switch {
		case a.Outcome == OK, a.Outcome == Hung, a.Outcome == Failed && s.Fallback != route.OnAnyError:
			return proxied, answers, a
		case a.Outcome == Failed:
			failed = &a
		}
	}
	if failed != nil {
		return "", answers, *failed
	}
	return db.URL.Reveal(), answers, Answer{Outcome: OK}
}

// checkDatabase compares a hash with the checksum database and returns what is
// wrong, nil if nothing is.
func (w *walk) checkDatabase(noun, version, hash string) *Answer {
	db := w.Route.SumDB
	verifying := "verifying " + noun + ": "
	at := w.Module.Path + "@" + version + ": "
	bad := func(a Answer, text, note string) *Answer {
		if a.ends {
			return &a
		}
		if a.Outcome != Hung {
			a.Outcome, a.Text = Failed, model.NewValue(text)
		}
		if note != "" {
			a.Note = note
		}
		return &a
	}
	if !db.Error.Empty() {
		return bad(Answer{}, verifying+db.Error.Reveal(), "it cannot use GOSUMDB, and needs it to verify what it got")
	}
	if w.db == nil {
		base, answers, last := w.findDatabase(w.Route.Steps, db)
		w.SumDB = append(w.SumDB, answers...)
		if last.Outcome != OK {
			return bad(last, verifying+at+last.Text.Reveal(), "it has the module, and cannot verify it")
		}
		w.db = newDatabase(w.prober, db.Name, route.SumDBKey(w.Env.Lookup("GOSUMDB").Value.Reveal()), base, w.keptHead(db.Name))
		w.client = sumdb.NewClient(w.db)
	}
	lines, err := w.client.Lookup(w.Module.Path, version)
	w.SumDB = append(w.SumDB, w.db.take()...)
	here := Answer{URL: model.NewValue(w.db.base)}
	switch {
	case w.ctx.Err() != nil:
		return bad(Answer{}, "", "")
	case w.db.security != "":
		w.fatal = "The checksum database contradicts itself: it does not keep what it signed. Do not trust what you downloaded."
		return bad(here, w.db.security, "")
	case err != nil && w.db.refused.Outcome != "":
		return bad(w.db.refused, verifying+err.Error(), "it has the module, and cannot verify it")
	case err != nil:
		here.Ref = refOfSumDB(err.Error())
		return bad(here, verifying+err.Error(), "it does not believe what the checksum database answers")
	}
	prefix := w.Module.Path + " " + version + " "
	for _, line := range lines {
		if recorded, ok := strings.CutPrefix(line, prefix); ok && hash != "" && recorded != hash {
			here.Ref = "SD-MISMATCH"
			return bad(here, fmt.Sprintf("%schecksum mismatch\n\tdownloaded: %s\n\t%s: %s\n\nSECURITY ERROR\nThis download does NOT match the one reported by the checksum server.", verifying, hash, db.Name, recorded),
				"what was served is not what the checksum database recorded; do not use it until you know why")
		}
	}
	return nil
}

// keptHead is the newest tree head of a checksum database that go itself saw and
// keeps; nil if there is none.
func (p *prober) keptHead(name string) []byte {
	dirs := filepath.SplitList(p.Env.Lookup("GOPATH").Value.Reveal())
	if len(dirs) == 0 || !filepath.IsAbs(dirs[0]) {
		return nil
	}
	head, err := p.w.Files.ReadFile(filepath.Join(dirs[0], "pkg", "sumdb", filepath.FromSlash(name), "latest"))
	if err != nil {
		return nil
	}
	return head
}

// take returns the answers since the last call.
func (d *database) take() []Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.answers
	d.answers = nil
	return out
}

// refOfSumDB says which row of the catalogue an error of the client is.
func refOfSumDB(text string) string {
	switch {
	case strings.Contains(text, "no verifiable signatures"):
		return "SD-WRONGKEY"
	case strings.Contains(text, "malformed"):
		return "SD-GARBAGE"
	}
	return ""
}
