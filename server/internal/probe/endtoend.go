package probe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Grade says how a check went.
type Grade string

const (
	Good    Grade = "ok"
	Doubt   Grade = "warning"
	Bad     Grade = "failed"
	Alarm   Grade = "security" // a server that does not keep what it signed
	Unclear Grade = "unknown"
	Skipped Grade = "skipped"
)

// Check is one thing that was verified of a server.
type Check struct {
	Name   string
	Grade  Grade
	Text   model.Value // one sentence
	Ref    string      // the row of the catalogue that it is; "" if it is none
	Answer *Answer     // what it rests on; nil if it needed no server
}

// checks collects what was verified.
type checks []Check

func (c *checks) add(name string, grade Grade, ref string, a *Answer, format string, args ...any) {
	*c = append(*c, Check{name, grade, model.NewValue(fmt.Sprintf(format, args...)), ref, a})
}

// alone is an environment in which nothing but the given variables decides.
func (o Options) alone(vars map[string]string) Options {
	base := map[string]string{"GO111MODULE": "", "GOFLAGS": "", "GOWORK": "off", "GONOPROXY": "none"}
	for name, value := range vars {
		base[name] = value
	}
	for name, value := range base {
		o.Env = o.Env.With(name, &model.Assignment{Value: model.NewValue(value)})
	}
	facts := route.Facts{}
	for _, m := range o.Facts.Modules { // only their hashes count
		facts.Modules = append(facts.Modules, model.Module{File: m.File, Sum: m.Sum})
	}
	o.Facts = facts
	return o
}

// Proxy verifies one module proxy end to end, as GOPROXY would name it: its
// address, whether it can be reached, what it hands out for a module, whether
// that is what go.sum or the checksum database say, what it answers for a module
// that does not exist, and whether it stands in for the checksum database.
// Without a version, the newest of the module is taken; without a path, nothing
// is handed out.
func Proxy(ctx context.Context, w *world.World, address string, m route.Module, o Options) []Check {
	o = o.alone(map[string]string{"GOPROXY": address})
	p := newProber(ctx, w, o)
	var c checks
	c.proxy(p, address, m)
	p.hideChecks(c)
	return c
}

func (c *checks) proxy(p *prober, address string, m route.Module) {
	entries := route.Entries(address)
	switch {
	case len(entries) != 1:
		c.add("address", Bad, "", nil, "This is not the address of one proxy.")
		return
	case entries[0].Err != "":
		c.add("address", Bad, entries[0].Ref, nil, "go refuses it: %s", entries[0].Err)
		return
	case entries[0].Kind != route.Proxy:
		c.add("address", Bad, "", nil, "%s is no proxy.", entries[0].Raw)
		return
	case entries[0].Ref == "PX-HTTPCRED":
		c.add("address", Bad, entries[0].Ref, nil, "go refuses to send a user and password by plain http.")
		return
	case entries[0].URL != entries[0].Raw:
		c.add("address", Good, "", nil, "go reads it as %s", entries[0].URL)
	default:
		c.add("address", Good, "", nil, "go accepts it.")
	}
	base := entries[0].URL
	if u, err := url.Parse(base); err == nil && u.Scheme == "file" {
		if info, err := p.w.Files.Stat(p.filePath(u)); err != nil || !info.IsDir() {
			c.add("connection", Bad, "", nil, "There is no such directory, so go finds nothing in it and asks the next entry of GOPROXY.")
			return
		}
	}
	if !p.usable(c, base) {
		return
	}
	unknown := "example.com/gophantom-asks/no-such-module"
	target, err := moduleURL(base, unknown, "@v/list")
	if err != nil {
		c.add("address", Bad, "", nil, "%s", err)
		return
	}
	nobody := p.get("list", target, textLimit, false)
	if p.ctx.Err() != nil {
		return
	}
	if nobody.Status == 0 && nobody.Outcome != OK && !strings.HasPrefix(base, "file:") {
		c.add("connection", Bad, nobody.Ref, &nobody, "%s", nobody.sentence())
		return
	}
	secure := ""
	if len(nobody.Certs) > 0 {
		secure = ", with a certificate that this environment trusts"
	}
	c.add("connection", Good, "", nil, "It answers%s.", secure)
	c.handsOut(p, m)
	switch {
	case nobody.Outcome == NotFound:
		c.add("unknown module", Good, "", &nobody, "It answers with “not found”, so go asks the next entry of GOPROXY.")
	case nobody.Status == 401 || nobody.Status == 407:
		c.add("unknown module", Bad, nobody.Ref, &nobody, "%s", nobody.sentence())
	case nobody.Outcome == OK && len(strings.TrimSpace(string(nobody.body))) == 0:
		c.add("unknown module", Doubt, "", &nobody, "It answers with an empty list instead of “not found”, so go asks it for more.")
	case nobody.Outcome == OK:
		c.add("unknown module", Doubt, "PX-CAPTIVE", &nobody, "It answers as if a module existed that does not; a login page or a filter does that.")
	case nobody.Outcome == Failed && nobody.Status == 0:
		c.add("unknown module", Bad, nobody.Ref, &nobody, "%s", nobody.sentence())
	case nobody.Outcome == Hung:
		c.add("unknown module", Bad, "PX-HANG", &nobody, "%s", nobody.sentence())
	default:
		c.add("unknown module", Doubt, "PX-403STOP", &nobody, "It answers with status %d instead of 404 or 410, so go never asks what comes after a comma behind it.", nobody.Status)
	}
	c.standsIn(p, base)
}

// usable reports whether go sends requests to an address at all, for all that
// GOAUTH says; otherwise it adds a check.
func (p *prober) usable(c *checks, address string) bool {
	if p.refusal.Outcome == "" || !strings.HasPrefix(address, "https:") {
		return true
	}
	c.add("credentials", Bad, p.refusal.Ref, nil, "%s: %s", p.refusal.Note, p.refusal.Text.Reveal())
	return false
}

// handsOut checks what a proxy has of a module.
func (c *checks) handsOut(p *prober, m route.Module) {
	if m.Path == "" {
		c.add("module", Skipped, "", nil, "Name a module that it has, to see whether it hands it out.")
		return
	}
	r := Route(p.ctx, p.w, m, p.Options)
	if p.ctx.Err() != nil {
		return
	}
	for _, s := range r.Steps {
		for _, a := range s.Answers {
			grade, text := Good, "It hands it out."
			switch {
			case a.Outcome != OK:
				grade, text = Bad, a.sentence()
			case a.Ref != "":
				grade, text = Doubt, a.sentence()
			case a.Note != "":
				text = capital(a.Note) + "."
			}
			c.add(a.What, grade, a.Ref, &a, "%s", text)
		}
	}
	name := r.Module.Path + "@" + r.Module.Version
	switch r.Verdict {
	case Served:
		switch {
		case !r.whole:
			c.add("hash", Unclear, "", nil, "%s Its hash was not computed.", r.Why)
		case r.recorded:
			c.add("hash", Good, "", nil, "%s comes whole, and is what go.sum recorded.", name)
		case r.Route.SumDB.Consulted:
			c.add("hash", Good, "", nil, "%s comes whole, and is what the checksum database recorded.", name)
		default:
			c.add("hash", Good, "", nil, "%s comes whole. Nothing vouches for it: go.sum has no hash of it, and no checksum database is asked.", name)
		}
	case Undecided:
		c.add("hash", Unclear, "", nil, "%s", r.Why)
	case Unasked:
		c.add("hash", Skipped, "", nil, "%s", r.Why)
	default:
		ref := ""
		if len(r.Faults) > 0 {
			ref = r.Faults[0].Ref
		}
		grade := Bad
		if ref == "GS-MISMATCH" || ref == "SD-MISMATCH" {
			grade = Alarm
		}
		text := capital(r.Why)
		said := slices.ContainsFunc(*c, func(k Check) bool {
			return k.Answer != nil && !k.Answer.Text.Empty() && strings.Contains(r.GoText.Reveal(), k.Answer.Text.Reveal())
		})
		if !r.GoText.Empty() && !said {
			text += " It says: " + r.GoText.Reveal()
		}
		c.add("verdict", grade, ref, nil, "%s", text)
	}
}

// standsIn checks whether a proxy stands in for the checksum database.
func (c *checks) standsIn(p *prober, base string) {
	r := route.Explain(route.Module{Path: "example.com/any", Version: "v1.0.0"}, p.Env.With("GONOSUMDB", &model.Assignment{Value: model.NewValue("none")}), route.Facts{})
	db := r.SumDB
	if !db.Consulted || !db.Error.Empty() || !db.Proxied {
		c.add("checksum database", Skipped, "", nil, "GOSUMDB has go ask no proxy for the checksum database.")
		return
	}
	_, answers, last := p.findDatabase([]route.Step{{Kind: route.Proxy, URL: model.NewValue(base), Applies: true, Fallback: route.OnNotFound}}, db)
	switch {
	case len(answers) == 0:
	case html(answers[0].body):
		c.add("checksum database", Doubt, "SD-GARBAGE", &answers[0], "It answers with a page of HTML, which go takes for a yes: it will ask it for %s, and not that itself.", db.Name)
	case answers[0].Outcome == NotFound:
		c.add("checksum database", Good, "", &answers[0], "It does not stand in for %s, so go asks that itself.", db.Name)
	case last.Outcome != OK:
		c.add("checksum database", Bad, last.Ref, &last, "go cannot verify what is new: %s", last.sentence())
	default:
		c.add("checksum database", Good, "", &answers[0], "It stands in for %s; “gophantom sumdb” verifies that.", db.Name)
	}
}

// sentence says what went wrong.
func (a Answer) sentence() string {
	switch {
	case a.Note == "":
		return a.Text.Reveal()
	case a.Text.Empty():
		return capital(a.Note) + "."
	}
	return capital(a.Note) + ": " + a.Text.Reveal()
}

// capital makes a clause a sentence. What go calls itself stays as it is.
func capital(s string) string {
	if s == "" || strings.HasPrefix(s, "go ") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// SumDB verifies a checksum database end to end, given as GOSUMDB names it: its
// key, the signed head of its tree, that the tree still holds what an earlier
// head promised, and the record of a module. since is an earlier signed head,
// nil if there is none; the head that was verified comes back, nil if none was.
func SumDB(ctx context.Context, w *world.World, spec string, m route.Module, since []byte, o Options) (found []Check, head []byte) {
	o = o.alone(map[string]string{"GOSUMDB": spec, "GONOSUMDB": "none", "GOPROXY": o.Env.Lookup("GOPROXY").Value.Reveal()})
	p := newProber(ctx, w, o)
	var c checks
	head = c.sumDB(p, spec, m, since)
	p.hideChecks(c)
	if slices.ContainsFunc(c, func(k Check) bool { return k.Grade == Alarm }) {
		head = nil
	}
	return c, head
}

func (c *checks) sumDB(p *prober, spec string, m route.Module, since []byte) (head []byte) {
	r := route.Explain(route.Module{Path: "example.com/any", Version: "v1.0.0"}, p.Env, route.Facts{})
	key := route.SumDBKey(spec)
	verifier, err := note.NewVerifier(key)
	switch {
	case !r.SumDB.Error.Empty():
		ref := "SD-SYNTAX"
		if strings.Contains(r.SumDB.Error.Reveal(), "hash") {
			ref = "SD-HASH"
		}
		c.add("key", Bad, ref, nil, "go refuses it: %s", r.SumDB.Error.Reveal())
		return nil
	case strings.TrimSpace(spec) == "off":
		c.add("key", Bad, "", nil, "GOSUMDB=off asks no checksum database, so there is none to verify.")
		return nil
	case !r.SumDB.Consulted || err != nil:
		c.add("key", Bad, "SD-SYNTAX", nil, "It names no checksum database.")
		return nil
	}
	c.add("key", Good, "", nil, "It is the key of %s, whose signatures go accepts.", verifier.Name())
	base, answers, last := p.findDatabase(r.Steps, r.SumDB)
	if last.Outcome != OK {
		c.add("address", Bad, last.Ref, &last, "%s", last.sentence())
		return nil
	}
	if n := len(answers); n > 0 && answers[n-1].Outcome == OK {
		c.add("address", Good, "", &answers[n-1], "A proxy stands in for it: %s", redacted(base))
	} else {
		c.add("address", Good, "", nil, "go asks it at %s", redacted(base))
	}
	if !p.usable(c, base) {
		return nil
	}
	target, err := below(base, "/latest")
	if err != nil {
		c.add("tree", Bad, "", nil, "%s", err)
		return nil
	}
	a := p.get("latest", target, textLimit, false)
	if a.Outcome != OK {
		if a.Status == 0 && a.Outcome == Failed && a.Ref != "PX-TLS" {
			a.Ref = "SD-OFFLINE"
		}
		c.add("tree", Bad, a.Ref, &a, "%s", a.sentence())
		return nil
	}
	tree, err := openTree(a.body, verifier)
	if err != nil {
		what := "Its tree head is not signed by this key"
		if refOfTree(err) == "SD-GARBAGE" {
			what = "What it answers is no signed tree head"
		}
		if html(a.body) {
			what = "It sends a page of HTML instead of a signed tree head, as a login or a captive portal does"
		}
		c.add("tree", Bad, refOfTree(err), &a, "%s: %s", what, err)
		return nil
	}
	c.add("tree", Good, "", &a, "The head of its tree of %s is signed by this key.", records(tree.N))
	db := newDatabase(p, verifier.Name(), key, base, a.body)
	if !c.extends("earlier tree", db, verifier, tree, since) {
		return nil
	}
	if kept := p.keptHead(verifier.Name()); len(kept) > 0 && !c.extends("go's tree", db, verifier, tree, kept) {
		return nil
	}
	c.record(db, m)
	head, _ = db.ReadConfig(verifier.Name() + "/latest") // the record may have come with a newer one
	return head
}

// records counts records.
func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// openTree reads a signed tree head.
func openTree(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	return tlog.ParseTree([]byte(n.Text))
}

func refOfTree(err error) string {
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		return "SD-WRONGKEY"
	}
	return "SD-GARBAGE"
}

// extends checks that a tree holds everything that an earlier one held. It
// reports false if nothing more should be believed.
func (c *checks) extends(name string, db *database, verifier note.Verifier, tree tlog.Tree, since []byte) bool {
	if len(since) == 0 {
		c.add(name, Skipped, "", nil, "No earlier head is known, so there is nothing to compare with; the next time there will be.")
		return true
	}
	old, err := openTree(since, verifier)
	switch {
	case err != nil:
		c.add(name, Unclear, "", nil, "The earlier head is not signed by this key: %s", err)
		return true
	case tree.N < old.N:
		c.add(name, Alarm, "", nil, "SECURITY: the tree has shrunk from %s to %d. A checksum database only grows: this one takes back what it signed, or an old copy of it is shown to you.", records(old.N), tree.N)
		return false
	case tree.N == old.N && tree.Hash != old.Hash:
		c.add(name, Alarm, "", nil, "SECURITY: two heads of a tree of %s are both signed and differ. The database shows different people different histories.", records(tree.N))
		return false
	case tree.N == old.N:
		c.add(name, Good, "", nil, "It is the same tree as before, of %s.", records(tree.N))
		return true
	case old.N == 0:
		c.add(name, Good, "", nil, "The earlier tree was empty.")
		return true
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, &tiles{db: db}))
	if refused := db.refused; err != nil && refused.Outcome != "" {
		c.add(name, Unclear, refused.Ref, &refused, "The database does not hand out what proves it: %s", refused.sentence())
		return true
	}
	if err == nil {
		err = tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
	}
	if err != nil {
		c.add(name, Alarm, "", nil, "SECURITY: the tree of %s does not contain the earlier one of %d, though both are signed. The database was forked, or rewritten: %s", records(tree.N), old.N, err)
		return false
	}
	c.add(name, Good, "", nil, "It contains the earlier tree of %s, unchanged.", records(old.N))
	return true
}

// tiles reads the tiles of a tree.
type tiles struct{ db *database }

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(want))
	for i, tile := range want {
		data, err := t.db.ReadRemote("/" + tile.Path())
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// record looks up a module, which proves that the tree contains its record.
func (c *checks) record(db *database, m route.Module) {
	const name = "record"
	if m.Path == "" || m.Version == "" {
		c.add(name, Skipped, "", nil, "Name a module with its version to look up its record.")
		return
	}
	lines, err := sumdb.NewClient(db).Lookup(m.Path, m.Version)
	answers := db.take()
	var a *Answer
	if len(answers) > 0 {
		a = &answers[len(answers)-1]
	}
	switch {
	case db.ctx.Err() != nil:
	case db.security != "":
		c.add(name, Alarm, "", a, "SECURITY: %s", strings.TrimSpace(db.security))
	case err != nil && db.refused.Outcome == NotFound:
		c.add(name, Bad, "PV-NONOSUMDB", a, "It knows no such version, as is the case for private modules: %s", db.refused.sentence())
	case err != nil && db.refused.Outcome != "":
		c.add(name, Bad, db.refused.Ref, a, "%s", db.refused.sentence())
	case err != nil:
		c.add(name, Bad, refOfSumDB(err.Error()), a, "What it answers is not to be believed: %s", err)
	default:
		c.add(name, Good, "", a, "Its record of %s@%s is proved to be in the tree.", m.Path, m.Version)
		c.sums(db, m, lines)
	}
}

// sums compares a record with go.sum.
func (c *checks) sums(db *database, m route.Module, lines []string) {
	have := recordedSums(db.w, db.Facts.Modules)
	compared := false
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		hashes := have[f[0]+" "+f[1]]
		if len(hashes) == 0 {
			continue
		}
		compared = true
		if !slices.Contains(hashes, f[2]) {
			c.add("go.sum", Alarm, "SD-MISMATCH", nil, "SECURITY: go.sum has %s for %s %s, and the database has %s.", hashes[0], f[0], f[1], f[2])
			return
		}
	}
	if compared {
		c.add("go.sum", Good, "", nil, "go.sum says the same of %s@%s.", m.Path, m.Version)
	}
}
