//go:build unix

package shell

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

// setUp is the set-up of one user's shell.
type setUp struct {
	shell string
	files map[string]string // below the home directory; ~ in a text is the home directory
	vars  map[string]string // more that the shell is started with
	want  map[string]string // by variable the line that sets it, "file:line"; "" is none
	note  map[string]string // by variable a part of the note; without, a trace of an ordinary user has none
	dir   string            // the workspace folder, below home; asked with Options.Prompt
	stay  bool              // neutralising the line is not to change the value: another sets the same
}

// corpus are set-ups as users have them. In want the lines are known by
// construction; TestCorpus takes each line out and asks the real shell again.
var corpus = map[string]setUp{
	"zsh in zshenv":   {shell: "zsh", files: map[string]string{".zshenv": "# mine\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshenv:2"}},
	"zsh in zprofile": {shell: "zsh", files: map[string]string{".zprofile": "export GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zprofile:1"}},
	"zsh in zlogin":   {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=direct\n", ".zlogin": "\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zlogin:2"}},
	"zsh ZDOTDIR":     {shell: "zsh", files: map[string]string{".zshenv": "ZDOTDIR=~/.config/zsh\n", ".config/zsh/.zshrc": "export GOPROXY=off GOSUMDB=off\n"}, want: map[string]string{"GOPROXY": ".config/zsh/.zshrc:1", "GOSUMDB": ".config/zsh/.zshrc:1"}},
	"zsh sourced in a function": {shell: "zsh", files: map[string]string{
		".zshrc": "load() {\n  emulate -L zsh\n  source $1\n}\nload ~/conf/go.zsh\n", "conf/go.zsh": "# go\ntypeset -gx GOPRIVATE=corp\n",
	}, want: map[string]string{"GOPRIVATE": "conf/go.zsh:2"}},
	"zsh path array":   {shell: "zsh", files: map[string]string{".zshrc": "path+=(/opt/a)\ntypeset -U path\npath=(~/go/bin $path)\n"}, want: map[string]string{"PATH": ".zshrc:3"}},
	"zsh default":      {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY\n: ${GOPROXY:=off}\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}},
	"zsh eval of text": {shell: "zsh", files: map[string]string{".zshrc": "true\neval 'export GOBIN=1\nexport GOPROXY=off'\ntrue\n"}, want: map[string]string{"GOPROXY": ".zshrc:2-3"}},
	"zsh eval of a command": {shell: "zsh", files: map[string]string{
		".zshrc": "true\neval \"$(cat ~/out)\"\ntrue\ntrue\n", "out": "export GOBIN=/x\nexport GOPROXY=off\n",
	}, want: map[string]string{"GOPROXY": ".zshrc:2", "GOBIN": ".zshrc:2"}},
	"zsh read and loop": {shell: "zsh", files: map[string]string{".zshrc": "read GOPROXY < ~/value\nexport GOPROXY\nfor i in GOSUMDB; do\n  export $i=off\ndone\n", "value": "off\n"}, want: map[string]string{"GOPROXY": ".zshrc:1", "GOSUMDB": ".zshrc:4"}},
	"zsh emulates sh":   {shell: "zsh", files: map[string]string{".zprofile": "emulate sh -c '. ~/.profile'\n", ".profile": "if true; then\n  export GOPROXY=off\nfi\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"zsh value with everything": {
		shell: "zsh", files: map[string]string{".zshrc": "x=1\nexport GOFLAGS='-ldflags=-X a=%b\nc \"d\" $e'\n"},
		want: map[string]string{"GOFLAGS": ".zshrc:2-3"},
	},
	"zsh asdf": {shell: "zsh", files: map[string]string{
		".zshrc": ". ~/.asdf/asdf.sh\n", ".asdf/asdf.sh": "export ASDF_DIR=~/.asdf\nPATH=\"$ASDF_DIR/shims:$PATH\"\nexport PATH\n", ".tool-versions": "golang 1.26.0\n",
	}, want: map[string]string{"PATH": ".asdf/asdf.sh:2"}, note: map[string]string{"PATH": "by asdf"}},
	"zsh nothing":         {shell: "zsh", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".zshrc": "[ -z \"$GOPROXY\" ] && export GOPROXY=direct\nGOPROXY=x true\n(export GOPROXY=y)\nf() { local GOPROXY=z; true; }\nf\n"}, want: map[string]string{"GOPROXY": ""}},
	"zsh the same again":  {shell: "zsh", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".zshrc": "\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}, stay: true},
	"zsh symlinked":       {shell: "zsh", files: map[string]string{".zshrc": "-> dotfiles/zshrc", "dotfiles/zshrc": "export GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:1"}},
	"zsh turns trace off": {shell: "zsh", files: map[string]string{".zshrc": "unsetopt xtrace\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}, note: map[string]string{"GOPROXY": "found by reading"}},
	"zsh sets PS4":        {shell: "zsh", files: map[string]string{".zshrc": "PS4='> '\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}, note: map[string]string{"GOPROXY": "found by reading"}},
	"zsh mise": {shell: "zsh", files: map[string]string{
		".zshrc": "eval \"$(cat ~/activate)\"\n", "activate": "export __MISE_ORIG_PATH=\"$PATH\"\n_mise_hook() {\n  eval \"$(cat ~/hook-env)\"\n}\nprecmd_functions+=(_mise_hook)\n",
		"hook-env": "export GOROOT=~/mise/go/1.26.0\nexport PATH=\"$HOME/mise/go/1.26.0/bin:$PATH\"\n", "ws/mise.toml": "[tools]\ngo = \"1.26.0\"\n",
	}, dir: "ws", want: map[string]string{"GOROOT": "ws/mise.toml:2", "PATH": "ws/mise.toml:2"}, note: map[string]string{"GOROOT": "by mise", "PATH": "by mise"}, stay: true},

	"bash in bash_profile": {shell: "bash", files: map[string]string{".bash_profile": "\n\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".bash_profile:3"}},
	"bash in bash_login":   {shell: "bash", files: map[string]string{".bash_login": "export GOPROXY=off\n", ".profile": "export GOPROXY=direct\n"}, want: map[string]string{"GOPROXY": ".bash_login:1"}},
	"bash in profile":      {shell: "bash", files: map[string]string{".profile": "declare -x GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:1"}},
	"bash in bashrc": {shell: "bash", files: map[string]string{
		".bash_profile": "export GOPROXY=direct\n[ -f ~/.bashrc ] && . ~/.bashrc\n", ".bashrc": "case $- in *i*) ;; *) return;; esac\nexport GOPROXY=off\n",
	}, want: map[string]string{"GOPROXY": ".bashrc:2"}},
	"bash sourced, quiet": {shell: "bash", files: map[string]string{".profile": "{ . ~/go.sh; } >/dev/null 2>&1\n", "go.sh": "GOPRIVATE=corp\nexport GOPRIVATE\n"}, want: map[string]string{"GOPRIVATE": "go.sh:1"}},
	"bash set -a":         {shell: "bash", files: map[string]string{".profile": "set -a; . ~/go.env; set +a\n", "go.env": "# settings\nGOPROXY=off\nGOFLAGS=-mod=mod\n"}, want: map[string]string{"GOPROXY": "go.env:2", "GOFLAGS": "go.env:3"}},
	"bash function":       {shell: "bash", files: map[string]string{".profile": "set_go() {\n  export \"$1=$2\"\n}\nset_go GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"bash eval of a command": {shell: "bash", files: map[string]string{
		".profile": "true\neval \"$(cat ~/out)\"\ntrue\ntrue\n", "out": "export GOBIN=/x\nexport GOPROXY=off\n",
	}, want: map[string]string{"GOPROXY": ".profile:2", "GOBIN": ".profile:2"}},
	"bash many lines":      {shell: "bash", files: map[string]string{".profile": "export A=1 \\\n  GOPROXY=off \\\n  B=2\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"bash read and printf": {shell: "bash", files: map[string]string{".profile": "export GOPROXY GOSUMDB\nread -r GOPROXY <<< off\nprintf -v GOSUMDB %s off\n"}, want: map[string]string{"GOPROXY": ".profile:2", "GOSUMDB": ".profile:3"}},
	"bash default":         {shell: "bash", files: map[string]string{".profile": "export GOPROXY\n: \"${GOPROXY:=off}\"\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"bash loop": {shell: "bash", files: map[string]string{
		".profile": "for f in ~/.bashrc.d/*.sh; do\n  . \"$f\"\ndone\nunset f\n", ".bashrc.d/10.sh": "export GOPROXY=direct\n", ".bashrc.d/20.sh": "\nexport GOPROXY=off\n",
	}, want: map[string]string{"GOPROXY": ".bashrc.d/20.sh:2"}},
	"bash PATH": {shell: "bash", files: map[string]string{".profile": "PATH=$PATH:/opt/a\ncase \":$PATH:\" in *:/opt/a:*) ;; *) PATH=/never:$PATH ;; esac\nexport PATH=\"$HOME/go/bin:$PATH\"\nexport PATH\n"}, want: map[string]string{"PATH": ".profile:3"}},
	"bash nix": {shell: "bash", files: map[string]string{
		".profile": ". ~/.nix-profile/etc/profile.d/nix.sh\n", ".nix-profile/etc/profile.d/nix.sh": "if [ -n \"$HOME\" ]; then\n    NIX_LINK=$HOME/.nix-profile\n    export PATH=\"$NIX_LINK/bin:$PATH\"\n    unset NIX_LINK\nfi\n",
	}, want: map[string]string{"PATH": ".nix-profile/etc/profile.d/nix.sh:3"}, note: map[string]string{"PATH": "by nix"}},
	"bash unset and set": {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nunset GOPROXY\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:3"}},
	"bash nothing":       {shell: "bash", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".profile": "[ -z \"$GOPROXY\" ] && export GOPROXY=direct\nGOPROXY=off true\n(export GOPROXY=y)\nx=$(GOPROXY=q; echo $GOPROXY)\nf() { local GOPROXY=z; true; }\nf\n"}, want: map[string]string{"GOPROXY": ""}},
	"bash newline":       {shell: "bash", files: map[string]string{".profile": "export GOFLAGS='a=b\nexport GOPROXY=fake'\nexport GOPROXY=$'\\xff%x'\n"}, want: map[string]string{"GOFLAGS": ".profile:1-2", "GOPROXY": ".profile:3"}},
	"bash direnv": {shell: "bash", files: map[string]string{
		".bash_profile": "export GOPROXY=direct\neval \"$(direnv hook bash)\"\n", "ws/.envrc": "export GOSUMDB=off\nexport GOPROXY=off\nPATH_add bin\n",
	}, dir: "ws", want: map[string]string{"GOPROXY": "ws/.envrc:2", "GOSUMDB": "ws/.envrc:1", "PATH": "ws/.envrc:3"}, note: map[string]string{"GOPROXY": "by direnv", "GOSUMDB": "by direnv", "PATH": "by direnv"}},
	"zsh direnv": {shell: "zsh", files: map[string]string{
		".zshrc": "eval \"$(direnv hook zsh)\"\n", "ws/.envrc": "export GOPROXY=off\n",
	}, dir: "ws", want: map[string]string{"GOPROXY": "ws/.envrc:1"}, note: map[string]string{"GOPROXY": "by direnv"}},
	"fish direnv": {shell: "fish", files: map[string]string{
		".config/fish/config.fish": "direnv hook fish | source\n", "ws/.envrc": "export GOPROXY=off\n",
	}, dir: "ws", want: map[string]string{"GOPROXY": "ws/.envrc:1"}, note: map[string]string{"GOPROXY": "by direnv"}},
	"bash mise activated": {shell: "bash", files: map[string]string{
		".bash_profile": "eval \"$(cat ~/activate)\"\n", "activate": "export MISE_SHELL=bash\n_mise_hook() {\n  eval \"$(cat ~/hook-env)\";\n}\n_mise_hook\n", "hook-env": "export GOROOT=~/mise/go\n",
	}, want: map[string]string{"GOROOT": ".bash_profile:1"}, note: map[string]string{"GOROOT": "by mise"}},

	"fish in config":   {shell: "fish", files: map[string]string{".config/fish/config.fish": "# mine\nset -gx GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:2"}},
	"fish in conf.d":   {shell: "fish", files: map[string]string{".config/fish/conf.d/go.fish": "\nset -gx GOPROXY off\nset -gx GOFLAGS '-mod=mod -v'\n"}, want: map[string]string{"GOPROXY": ".config/fish/conf.d/go.fish:2", "GOFLAGS": ".config/fish/conf.d/go.fish:3"}, note: map[string]string{"GOPROXY": "found by reading", "GOFLAGS": "found by reading"}},
	"fish both":        {shell: "fish", files: map[string]string{".config/fish/conf.d/go.fish": "set -gx GOPROXY direct\n", ".config/fish/config.fish": "set -x GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:1"}},
	"fish sourced":     {shell: "fish", files: map[string]string{".config/fish/config.fish": "source ~/go.fish\n", "go.fish": "if true\n  set -gx GOPRIVATE corp\nend\n"}, want: map[string]string{"GOPRIVATE": "go.fish:2"}},
	"fish function":    {shell: "fish", files: map[string]string{".config/fish/config.fish": "function f\n  set -gx GOPROXY off\nend\nf\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:2"}},
	"fish in PATH":     {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -gx PATH /opt/a $PATH\nset -gx PATH ~/go/bin $PATH\n"}, want: map[string]string{"PATH": ".config/fish/config.fish:2"}},
	"fish add path":    {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\nfish_add_path -gP ~/go/bin\n", "go/bin/x": ""}, want: map[string]string{"PATH": ".config/fish/config.fish:2"}, note: reading("PATH")},
	"fish eval":        {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\neval 'set -gx GOBIN /x'\n"}, want: map[string]string{"GOBIN": ".config/fish/config.fish:2"}, note: map[string]string{"GOBIN": "found by reading"}},
	"fish piped":       {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\ncat ~/out | source\n", "out": "true\nset -gx GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:2"}, note: map[string]string{"GOPROXY": "output of a command"}},
	"fish universal":   {shell: "fish", files: map[string]string{".config/fish/fish_variables": "# This file contains fish universal variable definitions.\n# VERSION: 3.0\nSETUVAR --export GOPROXY:off\n"}, want: map[string]string{"GOPROXY": ".config/fish/fish_variables:3"}, note: map[string]string{"GOPROXY": "universal"}},
	"fish only local":  {shell: "fish", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".config/fish/config.fish": "begin; set -lx GOPROXY x; true; end\nset -q GOPROXY; or set -gx GOPROXY direct\n"}, want: map[string]string{"GOPROXY": ""}},
	"fish login only":  {shell: "fish", files: map[string]string{".config/fish/config.fish": "status is-login; and set -gx GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:1"}},
	"fish odd values":  {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -gx GOFLAGS 'a=b\n%c \"d\"'\n"}, want: map[string]string{"GOFLAGS": ".config/fish/config.fish:1-2"}},
	"fish same again":  {shell: "fish", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".config/fish/config.fish": "\nset -gx GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:2"}, stay: true},
	"dash in profile":  {shell: "dash", files: map[string]string{".profile": "\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}, note: reading("GOPROXY")},
	"dash in ENV":      {shell: "dash", files: map[string]string{".profile": "ENV=$HOME/.shinit; export ENV\n", ".shinit": "GOPROXY=off\nexport GOPROXY\n"}, want: map[string]string{"GOPROXY": ".shinit:1"}, note: reading("GOPROXY")},
	"dash sourced":     {shell: "dash", files: map[string]string{".profile": "if [ -f ~/go.sh ]; then . ~/go.sh; fi\n", "go.sh": "export GOPROXY=off\n"}, want: map[string]string{"GOPROXY": "go.sh:1"}, note: reading("GOPROXY")},
	"dash conditional": {shell: "dash", files: map[string]string{".profile": "export GOPROXY=direct\nif [ -d / ]; then\n  GOPROXY=off\nelse\n  GOPROXY=x\nfi\n"}, want: map[string]string{"GOPROXY": ".profile:3"}, note: reading("GOPROXY")},
	"dash PATH":        {shell: "dash", files: map[string]string{".profile": "PATH=\"$HOME/bin:$PATH\"\nPATH=\"$HOME/go/bin:$PATH\"\n"}, want: map[string]string{"PATH": ".profile:2"}, note: reading("PATH")},
	"dash command":     {shell: "dash", files: map[string]string{".profile": "GOPROXY=$(cat ~/value)\nexport GOPROXY\n", "value": "off\n"}, want: map[string]string{"GOPROXY": ".profile:1"}, note: reading("GOPROXY")},
	"dash default":     {shell: "dash", files: map[string]string{".profile": "export GOPROXY\n: ${GOPROXY:=off}\n"}, want: map[string]string{"GOPROXY": ".profile:2"}, note: reading("GOPROXY")},
	"dash set -a":      {shell: "dash", files: map[string]string{".profile": "set -a\n. ~/go.env\nset +a\n", "go.env": "GOPROXY=off\n"}, want: map[string]string{"GOPROXY": "go.env:1"}, note: reading("GOPROXY")},
	"dash read":        {shell: "dash", files: map[string]string{".profile": "read GOPROXY < ~/value\nexport GOPROXY\n", "value": "off\n"}, want: map[string]string{"GOPROXY": ".profile:1"}, note: reading("GOPROXY")},
	"dash not taken":   {shell: "dash", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".profile": "[ -n \"$GOPROXY\" ] || export GOPROXY=direct\n"}, want: map[string]string{"GOPROXY": ""}},
}

func reading(name string) map[string]string { return map[string]string{name: "found by reading"} }

// as runs a world's commands as another user.
type as struct {
	world.Exec
	setpriv string
}

const nobody = 65534

func (a as) Run(ctx context.Context, c world.Command) (world.Result, error) {
	c.Args = append([]string{"--reuid=65534", "--clear-groups", c.Path}, c.Args...)
	c.Path = a.setpriv
	return a.Exec.Run(ctx, c)
}

func TestCorpus(t *testing.T) {
	if len(corpus) < 40 {
		t.Fatalf("only %d set-ups", len(corpus))
	}
	for name, s := range corpus {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, false)
		})
		if s.shell == "bash" {
			t.Run(name+" as an ordinary user", func(t *testing.T) {
				t.Parallel()
				s.check(t, true)
			})
		}
	}
}

// home makes the user's home directory.
func (s setUp) home(t *testing.T) home {
	files := map[string]string{}
	for file, text := range s.files {
		if !strings.HasPrefix(text, "-> ") {
			files[file] = text
		}
	}
	h := newHome(t, files)
	for file, text := range s.files {
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, filepath.Join(h.dir, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	delete(h.environ, "GOPROXY")
	delete(h.environ, "GOFLAGS")
	maps.Copy(h.environ, s.vars)
	return h
}

func (s setUp) check(t *testing.T, ordinary bool) {
	shell := installed(t, s.shell)
	h := s.home(t)
	w := h.world()
	var run []string
	if ordinary {
		if os.Getuid() != 0 {
			t.Skip("we are an ordinary user already")
		}
		setpriv := installed(t, "setpriv")
		w.Exec = as{w.Exec, setpriv}
		w.UID = nobody
		run = []string{setpriv, "--reuid=65534", "--clear-groups"}
		readable(t, h.dir, w.Self)
	}
	opt := Options{Shell: shell, Dir: h.dir, Timeout: time.Minute}
	if s.dir != "" {
		opt.Prompt, opt.Dir = true, filepath.Join(h.dir, s.dir)
		allowDirenv(t, run, h, opt.Dir)
	}
	vars, fault := capture(t.Context(), w, opt)
	if vars == nil {
		t.Fatal(fault.Text)
	}
	answer := Trace(t.Context(), w, opt, Answer{Done: true, Vars: vars})
	if answer.Shell != shell {
		t.Errorf("the shell is %q", answer.Shell)
	}
	for name, want := range s.want {
		lines := answer.Lines[name]
		if want == "" {
			if len(lines) > 0 {
				t.Errorf("%s: %s:%d (%s); want none", name, lines[0].File, lines[0].Line, lines[0].Note)
			}
			continue
		}
		if len(lines) == 0 {
			t.Errorf("%s: no line; want %s", name, want)
			continue
		}
		colon := strings.LastIndexByte(want, ':')
		number, last, _ := strings.Cut(want[colon:], "-")
		place := want[:colon] + number
		got := fmt.Sprintf("%s:%d", strings.TrimPrefix(lines[0].File, h.dir+"/"), lines[0].Line)
		if got != place {
			t.Errorf("%s: %s (%s); want %s", name, got, lines[0].Note, place)
			continue
		}
		if lines[0].Value.Reveal() != answer.Vars[name] {
			t.Errorf("%s: the value of the line is not that of the variable", name)
		}
		note := s.note[name]
		predicted := s.shell == "bash" && !ordinary && os.Getuid() == 0
		switch {
		case !strings.Contains(lines[0].Note, note):
			t.Errorf("%s: note %q; want %q", name, lines[0].Note, note)
		case note == "" && !predicted && lines[0].Note != "", predicted && s.dir == "" && !strings.Contains(lines[0].Note, "predicted"):
			t.Errorf("%s: note %q", name, lines[0].Note)
		}
		if s.stay {
			continue
		}
		// The independent run: the same shell without that line.
		file := filepath.Join(h.dir, place[:strings.LastIndexByte(place, ':')])
		before := neutralise(t, file, lines[0].Line, last)
		if strings.HasSuffix(file, ".envrc") {
			allowDirenv(t, run, h, opt.Dir)
		}
		if value, ok := independent(t, run, shell, h, opt)[name]; ok && value == answer.Vars[name] {
			t.Errorf("%s keeps its value without %s", name, want)
		}
		if err := os.WriteFile(file, before, 0o644); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".envrc") {
			allowDirenv(t, run, h, opt.Dir)
		}
		if value, ok := independent(t, run, shell, h, opt)[name]; !ok || value != answer.Vars[name] {
			t.Errorf("%s: an independent run does not have the value that was asked for", name)
		}
	}
}

// readable lets another user read the home directory and run our executable.
func readable(t *testing.T, dir, self string) {
	t.Helper()
	for _, name := range []string{dir, self} {
		for d := filepath.Dir(name); d != "/"; d = filepath.Dir(d) {
			if info, err := os.Stat(d); err == nil && info.Mode().Perm()&0o055 != 0o055 && d != os.TempDir() {
				if err := os.Chmod(d, info.Mode().Perm()|0o055); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// neutralise replaces lines of a file by nothing and returns what it was.
func neutralise(t *testing.T, file string, line int, last string) []byte {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(before), "\n")
	end := line
	if last != "" {
		if _, err := fmt.Sscan(last, &end); err != nil {
			t.Fatal(err)
		}
	}
	for i := line; i <= end; i++ {
		lines[i-1] = "\n"
		switch {
		case strings.HasSuffix(file, "fish_variables"), strings.HasSuffix(file, ".toml"):
		case strings.HasSuffix(string(before), "B=2\n"):
			lines[i-1] = "  C=3 \\\n" // stays inside its command
		default:
			lines[i-1] = "true\n"
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	return before
}

// independent is what env says in the real shell, which direnv hooks into as
// it does in a terminal.
func independent(t *testing.T, run []string, shell string, h home, opt Options) map[string]string {
	t.Helper()
	command := "env -0"
	if opt.Prompt {
		command = "direnv exec . env -0"
	}
	argv := append(append([]string{}, run...), shell, "-i", "-l", "-c", command)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir = opt.Dir
	cmd.Env = world.Environ(h.environ)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return world.Variables(strings.Split(string(out), "\x00"))
}

func allowDirenv(t *testing.T, run []string, h home, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, ".envrc")); err != nil {
		return
	}
	argv := append(append([]string{}, run...), installed(t, "direnv"), "allow", dir)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = world.Environ(h.environ)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func init() {
	if runtime.GOOS == "windows" {
		corpus = nil
	}
}
