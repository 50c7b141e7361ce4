package headless

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// maxProblems is how many problems are kept, and maxLog how many bytes of
	// what gopls logs.
	maxProblems = 20_000
	maxLog      = 256 << 10
	// farewellTime is how long gopls may take to end by itself.
	farewellTime = 2 * time.Second
)

// Session is a gopls that runs. Its methods must not be called at the same
// time, except Close.
type Session struct {
	w       *world.World
	opt     Options
	child   world.Child
	conn    jsonrpc2.Conn
	started time.Time
	end     context.CancelFunc

	version, goVersion string

	news chan struct{} // something was shown, began or ended; holds one
	over chan struct{} // closed when nothing can be read any more
	lost sync.Once

	mu       sync.Mutex
	why      string // why it is over, if gopls did not simply end
	open     map[string]document
	shown    map[string][]model.Problem
	total    int  // problems in shown
	more     bool // there were more than are kept
	work     map[string]string
	log      strings.Builder
	settings object
	closed   bool
}

// document is an open document.
type document struct {
	version int
	text    string
	dirty   bool // the text is not saved
}

// Start starts gopls, greets it, and opens what is to be open. gopls ends with
// the session's Close, or when ctx is done.
func Start(ctx context.Context, w *world.World, opt Options) (*Session, error) {
	opt.Timeout = cmp.Or(opt.Timeout, DefaultTimeout)
	opt.Quiet = cmp.Or(opt.Quiet, DefaultQuiet)
	env := maps.Clone(opt.Env)
	if env == nil {
		env = map[string]string{}
	}
	env["PWD"] = opt.Dir
	// gopls then starts no process that counts how it is used, and may report it.
	env["GO_TELEMETRY_CHILD"] = "2"
	ctx, end := context.WithCancel(ctx)
	child, err := w.Exec.Start(ctx, world.Command{Path: opt.Program, Args: []string{"serve"}, Dir: opt.Dir, Env: world.Environ(env)})
	if err != nil {
		end()
		return nil, fmt.Errorf("gopls cannot be started: %w", err)
	}
	s := &Session{
		w: w, opt: opt, child: child, end: end, started: w.Clock.Now(),
		news: make(chan struct{}, 1), over: make(chan struct{}),
		open: map[string]document{}, shown: map[string][]model.Problem{}, work: map[string]string{},
	}
	s.set(opt.GoplsEnv, opt.BuildFlags)
	s.conn = jsonrpc2.NewConn(newStream(pipe{child}, s.lose))
	s.conn.Go(ctx, s.handle)
	if err := s.greet(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// pipe is the child as jsonrpc2 wants it; Close ends its input.
type pipe struct{ world.Child }

func (p pipe) Close() error { return p.CloseInput() }

// lose notes that nothing can be read any more.
func (s *Session) lose(why string) {
	s.lost.Do(func() {
		s.mu.Lock()
		s.why = why
		s.mu.Unlock()
		close(s.over)
	})
}

// set makes the settings that gopls is told when it asks.
func (s *Session) set(env map[string]string, flags []string) {
	settings := object{
		// Tell of every work, so that we know when it has ended; do not ask
		// questions that nobody answers.
		"verboseWorkDoneProgress": true, "telemetryPrompt": false,
	}
	if len(env) > 0 {
		settings["build.env"] = env
	}
	if len(flags) > 0 {
		settings["build.buildFlags"] = flags
	}
	maps.Copy(settings, s.opt.Settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = settings
}

func (s *Session) greet(ctx context.Context) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	folders := []object{}
	for _, dir := range slices.Concat([]string{s.opt.Dir}, s.opt.Folders) {
		folders = append(folders, s.folder(dir))
	}
	var answer struct {
		ServerInfo struct{ Version string }
	}
	err := s.call(ctx, "initialize", object{
		"processId": s.w.PID, "clientInfo": object{"name": "gophantom"},
		"rootUri": folders[0]["uri"], "workspaceFolders": folders,
		"capabilities": capabilities, "initializationOptions": s.settings,
	}, &answer)
	if err == nil {
		s.identify(answer.ServerInfo.Version)
		err = s.notify(ctx, "initialized", object{})
	}
	for _, file := range s.opt.Open {
		if _, dirty := s.opt.Overlays[file]; dirty || err != nil {
			continue
		}
		if data, unread := s.w.Files.ReadFile(file); unread == nil { // otherwise gopls cannot read it either
			err = s.show(ctx, file, string(data), false)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(s.opt.Overlays)) {
		if err == nil {
			err = s.edit(ctx, file, s.opt.Overlays[file])
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, world.ErrTimeout):
		return fmt.Errorf("gopls did not answer within %v", s.opt.Timeout)
	case errors.Is(err, errOver):
		return errors.New(s.obituary())
	}
	return fmt.Errorf("gopls did not accept the greeting: %w", err)
}

// identify reads what gopls says of itself.
func (s *Session) identify(version string) {
	var info buildInfo
	if json.Unmarshal([]byte(version), &info) == nil {
		s.version, s.goVersion = info.Main.Version, info.GoVersion
	} else if len(version) < 100 && !strings.Contains(version, "\n") {
		s.version = version
	}
}

// limited bounds one dealing with gopls.
func (s *Session) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.w.Clock.After(s.opt.Timeout):
			cancel(world.ErrTimeout)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// errOver means that gopls cannot be talked to any more.
var errOver = errors.New("gopls cannot be talked to any more")

// call asks gopls and waits for the answer, also where gopls does not even read
// the question.
func (s *Session) call(ctx context.Context, method string, params, result any) error {
	var raw json.RawMessage
	err := s.until(ctx, func() error {
		_, err := s.conn.Call(ctx, method, params, &raw)
		return err
	})
	if err != nil || result == nil || len(raw) == 0 {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("the answer to %s is not what LSP says", method)
	}
	return nil
}

func (s *Session) notify(ctx context.Context, method string, params any) error {
	return s.until(ctx, func() error { return s.conn.Notify(ctx, method, params) })
}

// until does something that may block for ever.
func (s *Session) until(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		select {
		case <-s.over:
			return errOver
		default:
		}
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	case <-s.over:
		return errOver
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Session) uri(path string) string {
	return string(uri.FileFor(s.platform(), path))
}

func (s *Session) platform() uri.Platform {
	if s.w.GOOS == "windows" {
		return uri.PlatformWindows
	}
	return uri.PlatformPOSIX
}

// path returns the file behind a URI; ok is false for what is no file.
func (s *Session) path(u string) (path string, ok bool) {
	if !strings.HasPrefix(u, "file:") {
		return "", false
	}
	path = uri.FsPathFor(uri.URI(u), s.platform(), false)
	return path, filepath.IsAbs(path)
}

func (s *Session) folder(dir string) object {
	return object{"uri": s.uri(dir), "name": filepath.Base(dir)}
}

// handle answers gopls. It is quick, and asks nothing back.
func (s *Session) handle(_ context.Context, r *jsonrpc2.Request) (any, error) {
	switch r.Method() {
	case "textDocument/publishDiagnostics":
		var p publishParams
		if json.Unmarshal(r.Params(), &p) == nil {
			s.publish(p)
		}
	case "$/progress":
		var p progressParams
		if json.Unmarshal(r.Params(), &p) == nil {
			s.progress(p)
		}
	case "window/logMessage", "window/showMessage", "window/showMessageRequest":
		var p struct{ Message string }
		if json.Unmarshal(r.Params(), &p) == nil {
			s.logged(p.Message)
		}
	case "workspace/configuration":
		var p struct{ Items []struct{ Section string } }
		if json.Unmarshal(r.Params(), &p) != nil {
			return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "malformed params")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		answers := make([]any, len(p.Items))
		for i, item := range p.Items {
			if item.Section == "gopls" || item.Section == "" {
				answers[i] = s.settings
			}
		}
		return answers, nil
	case "workspace/applyEdit":
		return object{"applied": false, "failureReason": "this client only looks"}, nil
	case "window/showDocument":
		return object{"success": false}, nil
	case "workspace/workspaceFolders":
		folders := []object{}
		for _, dir := range slices.Concat([]string{s.opt.Dir}, s.opt.Folders) {
			folders = append(folders, s.folder(dir))
		}
		return folders, nil
	case "client/registerCapability", "client/unregisterCapability", "window/workDoneProgress/create",
		"workspace/codeLens/refresh", "workspace/semanticTokens/refresh", "workspace/inlayHint/refresh", "workspace/diagnostic/refresh":
	default:
		if r.IsCall() {
			return nil, jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "unknown method %q", r.Method())
		}
	}
	return nil, nil
}

func (s *Session) publish(p publishParams) {
	file, ok := s.path(p.URI)
	if !ok {
		return
	}
	s.mu.Lock()
	doc, open := s.open[file]
	problems := p.problems(file, open && p.Version != nil && *p.Version < doc.version)
	s.total -= len(s.shown[file])
	if room := maxProblems - s.total; len(problems) > room {
		problems, s.more = problems[:room], true
	}
	s.total += len(problems)
	if len(problems) > 0 {
		s.shown[file] = problems
	} else {
		delete(s.shown, file)
	}
	s.mu.Unlock()
	s.tell()
}

// busy reports whether work of a title keeps gopls from having said everything.
// "Error loading workspace" stays open as long as the error lasts.
func busy(title string) bool {
	return title == "Setting up workspace" || title == "Analyzing Dependencies" || strings.HasPrefix(title, "diagnosing ")
}

func (s *Session) progress(p progressParams) {
	token := string(p.Token)
	s.mu.Lock()
	switch {
	case p.Value.Kind == "begin" && busy(p.Value.Title) && len(s.work) < 1000:
		s.work[token] = p.Value.Title
	case p.Value.Kind == "end":
		delete(s.work, token)
	}
	s.mu.Unlock()
	if p.Value.Kind != "report" {
		s.tell()
	}
}

func (s *Session) logged(message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := maxLog - s.log.Len()
	if room <= 0 {
		return
	}
	if len(message) > room {
		message = strings.ToValidUTF8(message[:room], "")
	}
	s.log.WriteString(strings.TrimRight(message, "\n") + "\n")
}

func (s *Session) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// Problems waits until gopls has said everything about what it was told, and
// returns what it shows then. The error is that of ctx.
func (s *Session) Problems(ctx context.Context) (Result, error) {
	limited, cancel := s.limited(ctx)
	defer cancel()
	// gopls handles messages in their order: once it has answered a question,
	// it has begun, and told us that it did, with what it was told before.
	views, err := s.views(limited)
	if err == nil {
		if err = s.rest(limited); err == nil {
			views, err = s.views(limited) // those of before may be gone
		}
	}
	r := s.result()
	r.Views = views
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case errors.Is(err, errOver):
		r.Crashed, r.Incomplete = true, s.obituary()
	default:
		r.TimedOut, r.Incomplete = true, fmt.Sprintf("gopls did not come to rest within %v: %s", s.opt.Timeout, s.occupation(ctx))
	}
	if r.Incomplete == "" && s.overflowed() {
		r.Incomplete = fmt.Sprintf("gopls shows more than %d problems; the rest was left out", maxProblems)
	}
	return r, nil
}

func (s *Session) overflowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.more
}

// rest waits until gopls has nothing to do and says nothing.
func (s *Session) rest(ctx context.Context) error {
	for {
		if quiet, err := s.next(ctx); quiet || err != nil {
			return err
		}
	}
}

// next waits for what happens next, and reports whether gopls was quiet instead.
func (s *Session) next(ctx context.Context) (quiet bool, err error) {
	select { // what was told until now counts below
	case <-s.news:
	default:
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	var pause <-chan time.Time
	if s.working() == "" { // otherwise it tells when it has finished
		if child, _ := s.running(ctx); child != 0 {
			go func() {
				if s.w.Processes.Wait(waiting, child) == nil {
					close(ended)
				}
			}()
		} else {
			pause = s.w.Clock.After(s.opt.Quiet)
		}
	}
	select {
	case <-pause:
		child, _ := s.running(ctx)
		return child == 0 && s.working() == "", nil
	case <-s.news:
	case <-ended:
	case <-s.over:
		return false, errOver
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	return false, nil
}

// working is the title of a work that gopls tells of; "" if there is none.
func (s *Session) working() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, title := range s.work {
		return title
	}
	return ""
}

// running finds a command that gopls runs; 0 if there is none.
func (s *Session) running(ctx context.Context) (pid int, name string) {
	below, err := s.w.Processes.Descendants(ctx, s.child.PID())
	if err != nil {
		return 0, ""
	}
	for _, p := range below {
		// A wrapper has the real gopls below it; a fork is gopls until it
		// becomes something else, and one that ended has no name any more.
		if name = command(p.Exe); name == "" && len(p.Args) > 0 {
			name = command(p.Args[0])
		}
		if name != "" && !strings.HasPrefix(name, "gopls") && name != command(s.opt.Program) {
			return p.PID, name
		}
	}
	return 0, ""
}

// command is the name of an executable; "" if it is not known.
func command(path string) string {
	if path == "" {
		return ""
	}
	name := strings.ToLower(filepath.Base(strings.TrimSuffix(path, " (deleted)")))
	return strings.TrimSuffix(name, ".exe")
}

// occupation says what a gopls is doing that does not come to rest.
func (s *Session) occupation(ctx context.Context) string {
	if title := s.working(); title != "" {
		if _, name := s.running(ctx); name != "" {
			return fmt.Sprintf("it is at “%s” and waits for the command %s", title, name)
		}
		return fmt.Sprintf("it is at “%s”", title)
	}
	if _, name := s.running(ctx); name != "" {
		return "it waits for the command " + name
	}
	return "it does not answer, or goes on showing something else"
}

// obituary says how gopls ended.
func (s *Session) obituary() string {
	s.mu.Lock()
	why := s.why
	s.mu.Unlock()
	if why != "" {
		s.end() // nothing it says can be read, so it may go
	}
	select {
	case <-s.child.Done():
	case <-s.w.Clock.After(farewellTime):
		s.end()
	}
	r, _ := s.child.Close()
	words := lastWords(string(r.Stderr))
	switch {
	case why != "":
		return "gopls cannot be understood: " + why
	}
	how := fmt.Sprintf("gopls ended by itself (exit code %d)", r.Code)
	if r.Code < 0 {
		how = "gopls was killed, or closed its output"
	}
	if words != "" {
		how += ": " + words
	}
	return how
}

// lastWords is the line of the standard error that says most about the end.
func lastWords(stderr string) string {
	last := ""
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			last = line
			break
		}
		if line != "" {
			last = line
		}
	}
	if len(last) > 500 {
		last = strings.ToValidUTF8(last[:500], "") + " …"
	}
	return last
}

func (s *Session) result() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Result{
		Problems: make([]model.Problem, 0, s.total),
		Version:  s.version, GoVersion: s.goVersion, PID: s.child.PID(), Started: s.started, Log: s.log.String(),
	}
	for _, problems := range s.shown {
		r.Problems = append(r.Problems, problems...)
	}
	slices.SortStableFunc(r.Problems, func(a, b model.Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line), cmp.Compare(a.Range.Start.Character, b.Range.Start.Character),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return r
}

// views asks which views there are; an older gopls does not know.
func (s *Session) views(ctx context.Context) ([]model.GoplsView, error) {
	var answer []view
	err := s.call(ctx, "workspace/executeCommand", object{"command": "gopls.views"}, &answer)
	if err != nil {
		if errors.Is(err, errOver) || ctx.Err() != nil {
			return nil, err
		}
		return nil, nil
	}
	out := make([]model.GoplsView, 0, len(answer))
	for _, v := range answer {
		root, _ := s.path(v.Root)
		folder, _ := s.path(v.Folder)
		out = append(out, model.GoplsView{ID: v.ID, Type: v.Type, Root: root, Folder: folder, EnvOverlay: v.EnvOverlay})
	}
	return out, nil
}

// Close ends gopls and everything it started.
func (s *Session) Close() {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if !closed {
		s.farewell()
	}
	_, _ = s.child.Close()
	s.end()
	s.lose("")
	_ = s.conn.Close()
}

// farewell lets gopls end by itself, so that it can write its cache.
func (s *Session) farewell() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.w.Clock.After(farewellTime):
			cancel()
		case <-ctx.Done():
		}
	}()
	if s.call(ctx, "shutdown", nil, nil) == nil && s.notify(ctx, "exit", nil) == nil {
		select {
		case <-s.child.Done():
		case <-ctx.Done():
		}
	}
}
