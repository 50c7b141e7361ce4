// Package shell knows how the user's shell starts: the environment it ends up
// with, and which line of which start-up file set a variable. It must not know
// what the values mean.
package shell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Options says how Ask asks the shell.
type Options struct {
	// Shell is the shell to ask; "" is the user's own: $SHELL, else what
	// /etc/passwd says, else /bin/sh.
	Shell string
	// ClientPID is the editor process: the shell starts with the complete
	// environment that the editor was started with, as start-up files read
	// more than the variables we keep. 0 is no editor: it starts with ours.
	ClientPID int
	Dir       string        // where the shell starts; "" is our own directory
	Timeout   time.Duration // 0 is 10 s, as in VS Code
	NoLogin   bool          // ask an interactive shell that is no login shell
	// Prompt also runs what direnv and mise have a terminal run before its
	// first prompt, so that the answer is what a terminal in Dir has.
	Prompt bool
}

const shellTimeout = 10 * time.Second

// Answer is what a shell makes of its start-up files. The zero Answer is of a
// shell that was not asked yet.
type Answer struct {
	Done  bool
	Vars  map[string]string // allow-listed names only; nil if unknown
	Fault *model.Fault      // without Vars why they are unknown, else a remark

	NoLogin bool              // the shell asked was no login shell
	Shell   string            // path of the shell; filled by Trace, as all below
	Lines   map[string][]Line // by variable: the line that decided, then the earlier ones, latest first
	Files   []string          // start-up files that were read, or would be if they existed
}

// Ask returns the environment that the user builds with: what a login and
// interactive shell says.
//
// On Linux a terminal starts a shell that is no login shell, and /etc/profile
// often resets PATH: where the login shell loses go that way, the answer is
// that of an interactive shell without login, with a remark.
func Ask(ctx context.Context, w *world.World, opt Options) Answer {
	vars, fault := capture(ctx, w, opt)
	if vars == nil || w.GOOS != "linux" || w.LookPath(vars["PATH"], "go") != "" {
		return Answer{Done: true, Vars: vars, Fault: fault, NoLogin: opt.NoLogin}
	}
	opt.NoLogin = true
	plain, plainFault := capture(ctx, w, opt)
	if plain == nil || w.LookPath(plain["PATH"], "go") == "" {
		return Answer{Done: true, Vars: vars, Fault: fault}
	}
	if plainFault == nil {
		plainFault = &model.Fault{Subject: "shell", Text: "A login shell finds no go command, for its start-up files reset PATH; the shell's environment shown is that of an interactive shell without login, as a terminal starts it."}
	}
	return Answer{Done: true, Vars: plain, Fault: plainFault, NoLogin: true}
}

// capture returns the environment of a login and interactive shell, asked
// the way VS Code asks it at its start. Only variables that model.Kept allows
// are kept.
//
// Without vars the fault says why. With vars a fault is only a remark.
func capture(ctx context.Context, w *world.World, opt Options) (vars map[string]string, fault *model.Fault) {
	base, err := shellBase(ctx, w, opt)
	if ctx.Err() != nil {
		return nil, noShell("Asking the shell for its environment was interrupted.")
	}
	if err != nil {
		return nil, noShell("The environment that the editor was started with cannot be read (%v), so the shell cannot be asked what it makes of it.", err)
	}
	shell, fault := findShell(w, opt, base)
	if fault != nil {
		return nil, fault
	}
	if w.Self == "" {
		return nil, noShell("The shell cannot be asked, because gophantom does not know where its own executable is.")
	}
	args := slices.Clone(shell.args)
	if opt.NoLogin {
		args = slices.DeleteFunc(args, func(arg string) bool { return arg == "-l" || arg == "-Login" })
	}
	timeout := opt.Timeout
	if timeout == 0 {
		timeout = shellTimeout
	}
	sentinel := rand.Text()
	printer, parse := shell.printer(w)
	if shell.name == "cmd" { // takes quotes only around a word of its own
		args = append(args, w.Self, "print-environment", sentinel)
	} else {
		args = append(args, shell.hooks(opt)+printer(sentinel))
	}
	result, err := w.Exec.Run(ctx, world.Command{
		Path:    shell.path,
		Args:    args,
		Dir:     opt.Dir,
		Env:     world.Environ(base),
		Timeout: timeout,
	})
	vars, parseErr := parse(result.Stdout, sentinel, model.Kept)
	if parseErr == nil {
		delete(vars, "XDG_RUNTIME_DIR") // VS Code drops it too: it belongs to the session
		switch {
		case errors.Is(err, world.ErrTimeout):
			return vars, &model.Fault{Subject: "shell", Text: fmt.Sprintf("The environment of %s is known, but the shell did not end within %v: something in its logout or start-up files keeps running.", shell.given, timeout)}
		case err == nil && result.Code != 0:
			return vars, &model.Fault{Subject: "shell", Text: fmt.Sprintf("The environment of %s is known, but the shell ended with exit code %d.", shell.given, result.Code)}
		}
		return vars, nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, noShell("Asking %s for its environment was interrupted.", shell.given)
	case errors.Is(err, world.ErrNotFound):
		return nil, noShell("The shell %s does not exist; set SHELL to a shell that is installed.", shell.given)
	case errors.Is(err, world.ErrTimeout):
		return nil, noShell("%s did not finish its start-up files within %v; look in them for something that waits, such as a question, a network access or a terminal multiplexer.", shell.given, timeout)
	case err != nil:
		return nil, noShell("The shell could not be started: %v.", err)
	case result.Truncated:
		return nil, noShell("%s prints more than %d MB when it starts, so its environment cannot be found in that; look in its start-up files.", shell.given, world.DefaultMaxOutput>>20)
	case errors.Is(parseErr, world.ErrTornEnvironment):
		return nil, noShell("Another process that the start-up files of %s left running printed into the environment; look for background jobs in them.", shell.given)
	case result.Code != 0:
		return nil, noShell("%s ended with exit code %d before its start-up files were done; look in them for exit or an error.", shell.given, result.Code)
	}
	return nil, noShell("%s ended before its start-up files were done; look in them for exit, or for exec of another shell.", shell.given)
}

// printer returns the command line that prints the environment, for a given
// sentinel, and what understands it.
func (p program) printer(w *world.World) (line func(sentinel string) string, parse func(output []byte, sentinel string, keep func(string) bool) (map[string]string, error)) {
	const cat = "/bin/cat"
	if _, err := w.Files.Stat(cat); err == nil && w.GOOS == "linux" && p.prompt != "" {
		// Costs as much as env, which is a quarter of what starting us costs.
		return func(sentinel string) string {
			return "echo; echo " + sentinel + " begin; " + cat + " /proc/self/environ /proc/self/environ; echo " + sentinel + " end"
		}, parseTwice
	}
	return func(sentinel string) string { return p.call(w.Self) + " print-environment " + sentinel }, world.ParseEnvironment
}

// parseTwice understands an environment that stands twice between two lines
// with the sentinel, each entry ended by a zero byte. Twice, because what a
// background job printed in between makes the halves differ.
func parseTwice(output []byte, sentinel string, keep func(name string) bool) (map[string]string, error) {
	_, rest, found := bytes.Cut(output, []byte("\n"+sentinel+" begin\n"))
	if !found {
		return nil, world.ErrNoEnvironment
	}
	body, _, found := bytes.Cut(rest, []byte(sentinel+" end\n"))
	half := len(body) / 2
	if !found || !bytes.Equal(body[:half], body[half:]) || half > 0 && body[half-1] != 0 {
		return nil, world.ErrTornEnvironment
	}
	vars := map[string]string{}
	for entry := range bytes.SplitSeq(body[:half], []byte{0}) {
		name, value, ok := bytes.Cut(entry, []byte("="))
		if !ok || !keep(string(name)) {
			continue
		}
		if _, twice := vars[string(name)]; !twice { // the first one counts, as for getenv
			vars[string(name)] = string(value)
		}
	}
	return vars, nil
}

// noShell is the fault that leaves the shell's environment unknown.
func noShell(format string, args ...any) *model.Fault {
	return &model.Fault{Subject: "shell", Text: fmt.Sprintf(format, args...), Hides: []string{string(model.EnvShell)}}
}

// shellBase returns the environment to start the shell with: without what VS
// Code put there for itself, and with the marks by which start-up files know
// that they are only asked.
func shellBase(ctx context.Context, w *world.World, opt Options) (map[string]string, error) {
	environ := w.Environ
	if opt.ClientPID != 0 {
		var err error
		if environ, err = w.Processes.Environ(ctx, opt.ClientPID); err != nil {
			return nil, err
		}
	}
	base := world.Variables(environ)
	if registered, err := w.Registered(ctx); err != nil {
		return nil, err
	} else if len(registered) > 0 { // a terminal on Windows starts with that, and not with what the editor has
		base = map[string]string{}
		for _, v := range registered {
			base[v.Name] = v.Value
		}
	}
	for name := range base {
		if editorsOwn(name) {
			delete(base, name)
		}
	}
	for _, name := range []string{"ELECTRON_RUN_AS_NODE", "ELECTRON_NO_ATTACH_CONSOLE", "VSCODE_RESOLVING_ENVIRONMENT"} {
		base[name] = "1"
	}
	return base, nil
}

// editorsOwn reports whether VS Code keeps a variable of its own process from
// the shells it starts (sanitizeProcessEnvironment in its sources).
func editorsOwn(name string) bool {
	if rest, ok := strings.CutPrefix(name, "VSCODE_"); ok {
		for _, shared := range []string{"PORTABLE", "SHELL_LOGIN", "ENV_REPLACE", "ENV_APPEND", "ENV_PREPEND"} {
			if strings.HasPrefix(rest, shared) {
				return false
			}
		}
		return true
	}
	return name == "SNAP" || strings.HasPrefix(name, "SNAP_") || strings.HasPrefix(name, "ELECTRON_") || strings.HasPrefix(name, "GDK_PIXBUF_")
}

// program is a shell that can be asked.
type program struct {
	given string // as the user named it
	path  string // absolute
	name  string // decides how to talk to it
	recipe
}

// findShell finds the shell to ask.
func findShell(w *world.World, opt Options, base map[string]string) (program, *model.Fault) {
	given := opt.Shell
	if given == "" {
		given = userShell(w, base)
	}
	p := program{given: given, path: given, name: shellName(given)}
	absolute := filepath.IsAbs(given) || w.GOOS == "windows" && windowsPath.MatchString(given)
	if !absolute {
		p.path = w.LookPath(base["PATH"], strings.TrimSuffix(given, ".exe"))
	}
	known := false
	p.recipe, known = recipes[p.name]
	switch {
	case p.path == "":
		return p, noShell("The shell %s is not on PATH; set SHELL to a shell that is installed.", given)
	case !known:
		return p, noShell("The shell %s cannot be asked for its environment; bash, zsh, fish, sh, ksh, tcsh, nu, PowerShell and cmd can. Set SHELL to one of them.", given)
	}
	return p, nil
}

var windowsPath = regexp.MustCompile(`^([A-Za-z]:[\\/]|\\\\)`)

// userShell is the shell of the user. On Windows nobody says which one a
// terminal starts: it is PowerShell where that is installed, as in VS Code.
func userShell(w *world.World, base map[string]string) string {
	if w.GOOS == "windows" {
		path := base["PATH"]
		for _, name := range []string{"pwsh", "powershell"} {
			if file := w.LookPath(path, name); file != "" {
				return file
			}
		}
		return cmp.Or(base["COMSPEC"], "cmd")
	}
	shell := base["SHELL"]
	if shell == "" {
		shell = passwdShell(w)
	}
	switch shell {
	case "":
		return "/bin/sh"
	case "/bin/false": // an account without login; VS Code's terminal does the same
		return "/bin/bash"
	}
	return shell
}

// passwdShell is the login shell that /etc/passwd has for us; "" if none.
func passwdShell(w *world.World) string {
	data, err := w.Files.ReadFile("/etc/passwd")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(fields) == 7 && fields[2] == strconv.Itoa(w.UID) {
			return fields[6]
		}
	}
	return ""
}

// shellName is the name that decides how to talk to a shell.
func shellName(shell string) string {
	name := shell[strings.LastIndexAny(shell, `/\`)+1:]
	if exe, ok := strings.CutSuffix(strings.ToLower(name), ".exe"); ok {
		return exe
	}
	return name
}

// recipe is how a shell is made to run one command after its start-up files.
type recipe struct {
	args   []string
	call   func(executable string) string // as the first word of a command line
	prompt string                         // the language in which per-directory tools hook in; "" if they do not
}

// hooks is what is to be run before the command.
func (r recipe) hooks(opt Options) string {
	if !opt.Prompt || r.prompt == "" {
		return ""
	}
	return runHooks(r.prompt, func(string) string { return "" })
}

var recipes = func() map[string]recipe {
	quoted := func(before, quoteInside, after string) func(string) string {
		return func(executable string) string {
			return before + strings.ReplaceAll(executable, "'", quoteInside) + after
		}
	}
	posix := recipe{args: []string{"-i", "-l", "-c"}, call: quoted("'", `'\''`, "'")}
	bourne, fish := posix, posix
	bourne.prompt, fish.prompt = "posix", "fish"
	csh := recipe{args: []string{"-ic"}, call: posix.call}
	pwsh := recipe{args: []string{"-Login", "-Command"}, call: quoted("& '", "''", "'")}
	windowsPowerShell := recipe{args: []string{"-Command"}, call: pwsh.call} // has no -Login
	return map[string]recipe{
		"bash": bourne, "zsh": bourne, "fish": fish, "sh": posix, "dash": posix, "ash": posix, "ksh": posix, "ksh93": posix, "mksh": posix,
		"tcsh": csh, "csh": csh,
		"pwsh": pwsh, "pwsh-preview": pwsh, "powershell": windowsPowerShell,
		"nu":  {args: []string{"-i", "-l", "-c"}, call: func(executable string) string { return "^" + strconv.Quote(executable) }},
		"cmd": {args: []string{"/c"}, call: func(executable string) string { return executable }},
	}
}()
