package probe

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// walk asks for one module along the steps of its route.
type walk struct {
	*prober
	*Result
	origin   map[string]originAnswer // by the kind of the step that asked
	db       *database               // nil until it is needed
	client   *sumdb.Client           // of db
	fatal    string                  // why go ended on the spot; "" if it did not
	verdicts map[string]*Answer      // of the checksum database, which go asks once, by version and hash
	sums     map[string][]string     // hashes in go.sum by "path version"; nil until they are needed
}

// turn is what came of asking every step for one thing.
type turn struct {
	by     int // index of the step that answered; -1 if none did
	answer Answer
	unsure string // why it is not known whether the origin has it; "" if it is
}

func (w *walk) run() {
	given := w.Module.Version != "" && w.Module.Version == module.CanonicalVersion(w.Module.Version)
	if given { // a requirement: go reads its go.mod first
		if !w.goMod() || !w.info(true) {
			return
		}
	} else if w.Module.Version == "" && !w.newest() || !w.info(false) || !w.goMod() {
		return
	}
	zipped := w.ask("zip", nil)
	if !w.got(zipped) {
		return
	}
	w.By = zipped.by
	w.whole = zipped.answer.What == "zip" && !zipped.answer.cut
	if w.whole && !w.readZip(zipped) {
		return
	}
	hash := ""
	if w.whole {
		hash, _ = hashZip(zipped.answer.body) // it was opened before
	}
	if !w.verified("module", w.Module.Version, hash) {
		return
	}
	w.conclude(zipped)
}

// info asks for the description of a version and, unless it is canonical, learns
// the version it means. It reports false after concluding.
func (w *walk) info(canonical bool) bool {
	t := w.ask("info", func(a *Answer, base string) *Answer {
		w.readInfo(a, base, canonical)
		return nil
	})
	if !w.got(t) {
		return false
	}
	if t.answer.What == "info" {
		var v struct{ Version string }
		_ = json.Unmarshal(t.answer.body, &v)
		w.Module.Version = v.Version
	}
	return true
}

// goMod asks for go.mod. It reports false after concluding.
func (w *walk) goMod() bool {
	version := w.Module.Version + "/go.mod"
	t := w.ask("mod", func(a *Answer, _ string) *Answer {
		hash, err := hashMod(a.body)
		if err != nil {
			return nil
		}
		if html(a.body) { // go sees that only later
			w.captive(a)
		}
		return w.verify("go.mod", version, hash) // go verifies before it takes the answer, so behind "|" it goes on
	})
	if !w.got(t) {
		return false
	}
	if t.answer.What == "mod" {
		return w.readMod(t)
	}
	return w.verified("go.mod", version, "") // a repository, which was not read
}

// verified reports whether verify is content; otherwise it concludes.
func (w *walk) verified(noun, version, hash string) bool {
	bad := w.verify(noun, version, hash)
	return bad == nil || w.got(turn{by: -1, answer: *bad})
}

// conclude says that go gets the module, or why that is not sure.
func (w *walk) conclude(zipped turn) {
	where := w.Steps[zipped.by].name()
	switch {
	case zipped.unsure != "":
		w.Verdict, w.Why = Undecided, zipped.unsure
	case zipped.answer.What == "git":
		w.Verdict, w.Why = Served, "go gets it from "+where+", as far as the list of its versions tells."
	case zipped.answer.cut && zipped.answer.length == "":
		w.Verdict, w.Why = Undecided, fmt.Sprintf("%s sends a zip without saying how long it is; after %d MB we stopped reading.", where, len(zipped.answer.body)>>20)
	case zipped.answer.cut:
		w.Verdict, w.Why = Served, fmt.Sprintf("%s serves it; of its zip, %s bytes long, we read the first %d MB.", where, zipped.answer.length, len(zipped.answer.body)>>20)
	default:
		w.Verdict, w.Why = Served, where+" serves it."
	}
}

// name is the step for people.
func (s Step) name() string {
	switch s.Kind {
	case route.Proxy:
		u, err := url.Parse(s.URL.Reveal())
		if err == nil && u.Scheme == "file" {
			return "the directory " + u.Path
		}
		return hostOf(s.URL.Reveal())
	case route.Off:
		return "off"
	}
	return "its origin"
}

// got reports whether the walk goes on after a turn; if not, it has concluded.
func (w *walk) got(t turn) bool {
	switch {
	case t.by >= 0:
		return true
	case w.ctx.Err() != nil:
		return false
	case t.answer.Outcome == Hung:
		w.Verdict, w.Why = Hangs, "go would wait"+t.answer.where()+", too: "+t.answer.Note+"."
		w.fault(t.answer)
		return false
	case t.unsure != "":
		w.Verdict, w.Why = Undecided, t.unsure
		return false
	}
	w.captives()
	w.fault(t.answer)
	said := w.prefix() + t.answer.Text.Reveal()
	switch {
	case w.fatal != "":
		w.give(t.answer.Text.Reveal(), w.fatal)
	case t.answer.ends:
		w.give(t.answer.Text.Reveal(), t.answer.Note+".")
	case t.answer.Outcome == NotFound:
		w.give(said, "go gives up: whom it may ask does not have it.")
	case t.answer.Note == "":
		w.give(said, "go gives up.")
	default:
		w.give(said, "go gives up"+t.answer.where()+": "+t.answer.Note+"."+w.beyond())
	}
	if t.answer.Ref == "AUTH-401" && len(w.unused) > 0 {
		w.Verdict, w.GoText = Undecided, model.Value{}
		w.Why = "It wants credentials, and GOAUTH=" + strings.Join(w.unused, ";") + ", which could have them, was not run."
	}
	return false
}

// where names the server of an answer, to be said behind a verb.
func (a Answer) where() string {
	if host := hostOf(a.URL.Reveal()); host != "" {
		return " at " + host
	}
	return ""
}

// beyond is a sentence about the steps that go does not come to, because of an
// answer that is a failure; "" if there are none.
func (w *walk) beyond() string {
	last := -1
	for i, s := range w.Steps {
		if s.Reached {
			last = i
		}
	}
	for _, s := range w.Steps[last+1:] {
		if s.Applies && s.Kind != route.Off {
			return " It would go on to the next entry of GOPROXY only after “not found” (404 or 410)."
		}
	}
	return ""
}

// captives makes faults of the pages that came instead of files, whatever go
// stops at in the end.
func (w *walk) captives() {
	for _, s := range w.Steps {
		for _, a := range s.Answers {
			if a.Outcome == OK && a.Ref == "PX-CAPTIVE" {
				w.fault(a)
			}
		}
	}
}

// give concludes that go gives up.
func (w *walk) give(text, why string) {
	w.Verdict, w.GoText, w.Why = Fails, model.NewValue(text), why
}

// prefix is how go begins what it says of a version.
func (w *walk) prefix() string {
	if w.Module.Version == "" {
		return "module " + w.Module.Path + ": "
	}
	return w.Module.Path + "@" + w.Module.Version + ": "
}

// check looks into an answer that came; base is the proxy. It may turn the
// answer into a failure or, if something else failed because of it, return that.
type check func(a *Answer, base string) (instead *Answer)

// ask asks one step after the other for one thing, as
// cmd/go/internal/modfetch.TryProxies does.
func (w *walk) ask(what string, check check) turn {
	const (
		missing = iota // how much an error tells; go reports the best one
		proxied
		direct
	)
	best, rank := turn{by: -1}, missing
	for i := range w.Steps {
		step := &w.Steps[i]
		t := turn{by: -1, answer: Answer{Outcome: NotFound}}
		asksOrigin := step.Applies && (step.Kind == route.NoProxy || step.Kind == route.Direct)
		switch {
		case asksOrigin:
			t = w.askOriginFor(step, what, check)
		case step.Kind == route.Off:
			t.answer.Text = model.NewValue("module lookup disabled by GOPROXY=off")
		case step.Kind == route.Proxy && step.Applies:
			t.answer = w.askProxy(step, step.URL.Reveal(), what, check)
		}
		step.Reached = true
		if w.ctx.Err() != nil {
			return turn{by: -1}
		}
		switch {
		case t.answer.Outcome == OK:
			t.by = i
			return t
		case t.answer.Outcome == Hung, t.answer.ends, w.fatal != "":
			return t
		case asksOrigin:
			best, rank = t, direct
		case rank <= proxied && t.answer.Outcome == Failed:
			best, rank = t, proxied
		case rank == missing && (best.answer.Text.Empty() || !t.answer.Text.Empty()):
			best = t
		}
		if t.answer.Outcome == Failed && step.Fallback != route.OnAnyError {
			break
		}
	}
	return best
}

// askProxy asks a server that speaks the proxy protocol.
func (w *walk) askProxy(step *Step, base, what string, check check) Answer {
	target, err := moduleURL(base, w.Module.Path, w.file(what))
	if err != nil {
		return Answer{What: what, Outcome: Failed, Text: model.NewValue(err.Error())}
	}
	limit := textLimit
	if what == "zip" {
		limit = zipLimit
	}
	a := w.get(what, target, limit, false)
	var instead *Answer
	if a.Outcome == OK && check != nil {
		instead = check(&a, base)
	}
	hadMod := slices.ContainsFunc(step.Answers, func(b Answer) bool { return b.What == "mod" && b.Outcome == OK })
	if what == "zip" && a.Status == 403 && hadMod {
		a.Ref = "PX-ZIP403"
	}
	step.Answers = append(step.Answers, a)
	if instead != nil {
		return *instead
	}
	return a
}

// askOriginFor asks the origin, once: further questions get the same answer,
// unless the origin speaks the proxy protocol.
func (w *walk) askOriginFor(step *Step, what string, check check) turn {
	o, known := w.origin[string(step.Kind)]
	if !known {
		for _, other := range w.origin { // a noproxy step asked it before
			o, known = other, true
		}
	}
	if !known {
		o = w.askOrigin(step)
		w.origin[string(step.Kind)] = o
	}
	t := turn{by: -1, answer: o.last, unsure: o.unsure}
	if o.unsure != "" && t.answer.Outcome == "" {
		t.answer.Outcome = OK
	}
	if o.proxy != "" {
		t.answer = w.askProxy(step, o.proxy, what, check)
	}
	return t
}

// file is the name of a thing below the module's path on a proxy.
func (w *walk) file(what string) string {
	switch what {
	case "list":
		return "@v/list"
	case "latest":
		return "@latest"
	}
	version, err := module.EscapeVersion(w.Module.Version)
	if err != nil {
		version = w.Module.Version
	}
	return "@v/" + version + "." + what
}

// moduleURL is the address of a file of a module on a proxy
// (cmd/go/internal/modfetch.proxyRepo).
func moduleURL(base, modPath, file string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	escaped, err := module.EscapePath(modPath)
	if err != nil {
		return "", err
	}
	escape := func(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }
	u.Path, u.RawPath = path.Join(strings.TrimSuffix(u.Path, "/")+"/"+escaped, file), path.Join(strings.TrimSuffix(u.RawPath, "/")+"/"+escape(escaped), escape(file))
	return u.String(), nil
}

// newest finds the version that go would take without being told one. It
// reports false after concluding.
func (w *walk) newest() bool {
	t := w.ask("list", func(a *Answer, base string) *Answer {
		w.Module.Version = highest(string(a.body))
		if w.Module.Version != "" {
			return nil
		}
		target, err := moduleURL(base, w.Module.Path, "@latest")
		if err != nil {
			return nil
		}
		b := w.get("latest", target, textLimit, false)
		var v struct{ Version string }
		switch {
		case b.Outcome != OK:
			*a = b
		case json.Unmarshal(b.body, &v) != nil || v.Version == "":
			*a = b.fail(fmt.Sprintf("invalid response from proxy %q", redacted(base)), "")
		default:
			w.Module.Version, a.Note = v.Version, "it has no release; its latest version is "+v.Version
		}
		return nil
	})
	if !w.got(t) {
		return false
	}
	if t.unsure != "" || w.Module.Version == "" {
		w.Verdict, w.By, w.Why = Undecided, t.by, "Name a version to learn more: the origin was asked without one."
		return false
	}
	return true
}

// highest is the release that go prefers in a list of versions.
func highest(list string) string {
	best := ""
	for line := range strings.SplitSeq(list, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || !semver.IsValid(f[0]) || module.IsPseudoVersion(f[0]) {
			continue
		}
		v := f[0]
		pre, bestPre := semver.Prerelease(v) != "", semver.Prerelease(best) != ""
		if best == "" || pre == bestPre && semver.Compare(v, best) > 0 || !pre && bestPre {
			best = v
		}
	}
	return best
}

func redacted(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Redacted()
}

// readInfo refuses what go refuses as an .info.
func (w *walk) readInfo(a *Answer, base string, canonical bool) {
	var v struct{ Version string }
	err := json.Unmarshal(a.body, &v)
	switch {
	case err != nil:
		*a = a.fail(fmt.Sprintf("invalid response from proxy %q: %v", redacted(base), err), "")
		w.captive(a)
	case canonical && v.Version != w.Module.Version:
		*a = a.fail(fmt.Sprintf("proxy returned info for version %s instead of requested version", v.Version), "")
	}
}

// captive marks an answer that is a page for people, or empty.
func (w *walk) captive(a *Answer) {
	switch {
	case html(a.body):
		a.Ref, a.Note = "PX-CAPTIVE", "it sends a page of HTML instead of the file, as a login or a captive portal does"
	case len(bytes.TrimSpace(a.body)) == 0:
		a.Ref, a.Note = "PX-CAPTIVE", "it sends an empty file"
	default:
		start := w.hide(string(a.body[:min(len(a.body), 1024)]))
		a.Note = "it sends something else than the file that was asked for: " + strconv.QuoteToASCII(start[:min(len(start), 32)]) + "…"
	}
}

// refuse concludes that go gives up because of what is in an answer.
func (w *walk) refuse(t turn, text, ref string, captive bool) bool {
	answers, why := w.Steps[t.by].Answers, ""
	for i := len(answers) - 1; i >= 0; i-- {
		if answers[i].What != t.answer.What {
			continue
		}
		answers[i] = answers[i].fail(text, ref)
		answers[i].Note = "what it sends is not what was asked for"
		if captive {
			w.captive(&answers[i])
		}
		w.fault(answers[i])
		why = answers[i].where() + ", and asks nobody else: " + answers[i].Note
		break
	}
	if t.answer.What != "zip" {
		text = w.prefix() + text
	}
	w.give(text, "go gives up"+why+".")
	return false
}

// readMod refuses what go refuses as a go.mod.
func (w *walk) readMod(t turn) bool {
	f, err := modfile.ParseLax("go.mod", t.answer.body, nil)
	switch {
	case err != nil:
		return w.refuse(t, "parsing go.mod: "+err.Error(), "PX-CAPTIVE", true)
	case f.Module == nil:
		return w.refuse(t, "parsing go.mod: missing module line", "PX-CAPTIVE", true)
	case f.Module.Mod.Path != w.Module.Path && w.Route.Mode != route.ModeReplace:
		return w.refuse(t, fmt.Sprintf("parsing go.mod:\n\tmodule declares its path as: %s\n\t        but was required as: %s", f.Module.Mod.Path, w.Module.Path), "VC-PATHMISMATCH", false)
	}
	return true
}

// readZip refuses what go refuses as a zip.
func (w *walk) readZip(t turn) bool {
	z, err := zip.NewReader(bytes.NewReader(t.answer.body), int64(len(t.answer.body)))
	if err != nil {
		return w.refuse(t, err.Error(), "", true)
	}
	prefix := w.Module.Path + "@" + w.Module.Version + "/"
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, prefix) {
			return w.refuse(t, fmt.Sprintf("zip for %s has unexpected file %s", prefix[:len(prefix)-1], f.Name), "", false)
		}
	}
	return true
}

func hashMod(data []byte) (string, error) {
	return dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
}

func hashZip(data []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", err
	}
	files := map[string]*zip.File{}
	var names []string
	for _, f := range z.File {
		names, files[f.Name] = append(names, f.Name), f
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return files[name].Open() })
}

// verify compares a hash with go.sum and, where that has none, with the
// checksum database. hash is "" if the content was not read. It returns what is
// wrong, nil if nothing is.
func (w *walk) verify(noun, version, hash string) *Answer {
	if have := w.goSum()[w.Module.Path+" "+version]; len(have) > 0 {
		if hash == "" || slices.Contains(have, hash) {
			w.recorded = hash != "" && noun == "module"
			return nil
		}
		text := fmt.Sprintf("verifying %s@%s: checksum mismatch\n\tdownloaded: %s\n\tgo.sum:     %s\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.", w.Module.Path, version, hash, have[0])
		w.fatal = "What was served is not what go.sum recorded: go refuses it, and so should you until you know why."
		return &Answer{Outcome: Failed, Ref: "GS-MISMATCH", Text: model.NewValue(text)}
	}
	if !w.Route.SumDB.Consulted {
		return nil
	}
	bad, known := w.verdicts[version+" "+hash]
	if !known {
		bad = w.checkDatabase(noun, version, hash)
		w.verdicts[version+" "+hash] = bad
	}
	return bad
}

// goSum is go.sum of the main modules.
func (w *walk) goSum() map[string][]string {
	if w.sums == nil {
		w.sums = recordedSums(w.w, w.Facts.Modules)
	}
	return w.sums
}

// recordedSums reads go.sum of main modules: hashes by "path version".
func recordedSums(w *world.World, modules []model.Module) map[string][]string {
	out := map[string][]string{}
	for _, m := range modules {
		if m.Sum.File == "" {
			continue
		}
		data, err := w.Files.ReadFile(m.Sum.File)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) == 3 {
				out[f[0]+" "+f[1]] = append(out[f[0]+" "+f[1]], f[2])
			}
		}
	}
	return out
}
