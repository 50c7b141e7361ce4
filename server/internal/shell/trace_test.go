//go:build unix

package shell

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// setUp is the set-up of one user's shell.
type setUp struct {
	shell string
	files map[string]string // below the home directory; ~ in a text is the home directory
	vars  map[string]string // more that the shell is started with
	want  map[string]string // by variable the line that sets it, "file:line"; "" is none
	note  map[string]string // by variable a part of the note; without, a trace of an ordinary user has none
	dir   string            // the workspace folder, below home; asked with Options.Prompt
	plain bool              // an interactive shell that is no login shell
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

	"bash without login":   {shell: "bash", plain: true, files: map[string]string{".profile": "export GOPROXY=direct\n", ".bashrc": "\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".bashrc:2"}},
	"zsh without login":    {shell: "zsh", plain: true, files: map[string]string{".zprofile": "export GOPROXY=direct\n", ".zshrc": "\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}},
	"bash value like code": {shell: "bash", files: map[string]string{".profile": "export GOFLAGS='$(touch ~/pwned) `touch ~/pwned` \\e ${HOME} %x'\n"}, want: map[string]string{"GOFLAGS": ".profile:1"}},
	"zsh value like code":  {shell: "zsh", files: map[string]string{".zshrc": "export GOFLAGS='$(touch ~/pwned) `touch ~/pwned` \\e ${HOME} %x %F{red}'\n"}, want: map[string]string{"GOFLAGS": ".zshrc:1"}},
	"bash a long value":    {shell: "bash", files: map[string]string{".profile": "GOFLAGS=$(printf '%0100000d' 0)\nexport GOFLAGS\nexport GOPROXY=off\n"}, want: map[string]string{"GOFLAGS": ".profile:1", "GOPROXY": ".profile:3"}},
	"zsh a long value":     {shell: "zsh", files: map[string]string{".zshrc": "GOFLAGS=$(printf '%0100000d' 0)\nexport GOFLAGS\nexport GOPROXY=off\n"}, want: map[string]string{"GOFLAGS": ".zshrc:1", "GOPROXY": ".zshrc:3"}},
	"zsh trace off for a while": {
		shell: "zsh", files: map[string]string{".zshrc": "quiet() {\n  setopt localoptions no_xtrace\n  export GOPROXY=off\n}\nquiet\nexport GOSUMDB=off\n"},
		want: map[string]string{"GOPROXY": ".zshrc:3", "GOSUMDB": ".zshrc:6"}, note: reading("GOPROXY"),
	},
	"bash trace off for a while": {
		shell: "bash", files: map[string]string{".profile": "{ set +x; } 2>/dev/null\nexport GOPROXY=off\nset -x\nexport GOSUMDB=off\n"},
		want: map[string]string{"GOPROXY": ".profile:2", "GOSUMDB": ".profile:4"}, note: reading("GOPROXY"),
	},
	"bash closes the descriptor":       {shell: "bash", files: map[string]string{".profile": "exec 97>&-\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}, note: reading("GOPROXY")},
	"bash unsets XTRACEFD":             {shell: "bash", files: map[string]string{".profile": "unset BASH_XTRACEFD\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}, note: reading("GOPROXY")},
	"bash sets PS4":                    {shell: "bash", files: map[string]string{".profile": "PS4='+ '\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}, note: reading("GOPROXY")},
	"bash prints megabytes":            {shell: "bash", files: map[string]string{".profile": "yes | head -c 5000000; yes | head -c 5000000 >&2\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"zsh prints megabytes":             {shell: "zsh", files: map[string]string{".zshrc": "yes | head -c 5000000; yes | head -c 5000000 >&2; printf 'no newline' >&2\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}},
	"bash asks":                        {shell: "bash", files: map[string]string{".profile": "read -r answer\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:2"}},
	"zsh asks":                         {shell: "zsh", files: map[string]string{".zshrc": "read -q answer\nexport GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2"}},
	"bash broken syntax":               {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nif then\n"}, want: map[string]string{"GOPROXY": ".profile:1"}},
	"zsh broken syntax":                {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nif then\n"}, want: map[string]string{"GOPROXY": ".zshrc:1"}},
	"bash unsets PATH":                 {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nPATH=\n"}, want: map[string]string{"GOPROXY": ".profile:1", "PATH": ".profile:2"}},
	"bash a function of the same name": {shell: "bash", files: map[string]string{".profile": "GOPROXY() { true; }\nGOPROXY\ndeclare -gx GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".profile:3"}},
	"bash a name by reference":         {shell: "bash", files: map[string]string{".profile": "export GOPROXY\ndeclare -n ref=GOPROXY\nref=off\ntrue\n"}, want: map[string]string{"GOPROXY": ""}},
	"fish broken syntax":               {shell: "fish", files: map[string]string{".config/fish/conf.d/a.fish": "if\n", ".config/fish/config.fish": "set -gx GOPROXY off\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:1"}},
	"fish exported later":              {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -g GOPROXY off\nset -gx GOPROXY $GOPROXY\n"}, want: map[string]string{"GOPROXY": ".config/fish/config.fish:2"}},
	"zsh typeset of one exported":      {shell: "zsh", files: map[string]string{".zshenv": "export GOPROXY=direct\n", ".zshrc": "typeset GOPROXY=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:1"}},

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
	opt := Options{Shell: shell, Dir: h.dir, Timeout: time.Minute, NoLogin: s.plain}
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
		case note == "" && !predicted && lines[0].Note != "", predicted && note == "" && !strings.Contains(lines[0].Note, "predicted"):
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
	command := installed(t, "env") + " -0" // start-up files may leave no PATH
	if opt.Prompt {
		command = "direnv exec . " + command
	}
	argv := append(append([]string{}, run...), shell, "-i")
	if !opt.NoLogin {
		argv = append(argv, "-l")
	}
	argv = append(argv, "-c", command)
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

// TestTraceOfBadStartUpFiles: what a trace cannot show is told from the files,
// with a remark, or not at all; never wrong, and never without end.
func TestTraceOfBadStartUpFiles(t *testing.T) {
	for name, test := range map[string]struct {
		shell, file, text string
		timeout           time.Duration
		line              int // of GOPROXY=off; 0 is none
		note              string
	}{
		"zsh execs another shell":  {shell: "zsh", file: ".zshrc", text: "export GOPROXY=off\nexec sh\n", line: 1, note: "found by reading"},
		"bash execs another shell": {shell: "bash", file: ".profile", text: "export GOPROXY=off\nexec sh\n", line: 1, note: "found by reading"},
		"fish execs another shell": {shell: "fish", file: ".config/fish/config.fish", text: "set -gx GOPROXY off\nexec sh -c :\n", line: 1},
		"zsh sleeps":               {shell: "zsh", file: ".zshrc", text: "export GOPROXY=off\nsleep 600\n", timeout: time.Second, line: 1, note: "found by reading"},
		"bash sleeps, ignoring":    {shell: "bash", file: ".profile", text: "trap '' TERM INT HUP\nexport GOPROXY=off\nwhile :; do sleep 600; done\n", timeout: time.Second, line: 2, note: "found by reading"},
		"fish sleeps":              {shell: "fish", file: ".config/fish/config.fish", text: "set -gx GOPROXY off\nsleep 600\n", timeout: time.Second, line: 1},
		"dash sources itself":      {shell: "dash", file: ".profile", text: "export GOPROXY=off\n. ~/.profile\n", line: 1, note: "found by reading"},
		"bash sources itself":      {shell: "bash", file: ".profile", text: "export GOPROXY=off\n[ -z \"$again\" ] && { again=1; . ~/.profile; }\n", line: 1},
		"zsh sources without end":  {shell: "zsh", file: ".zshrc", text: "export GOPROXY=off\n. ~/.zshrc\n", line: 1},
		"bash computes, then ends": {shell: "bash", file: ".profile", text: "export GOPROXY=$(echo off)\nif [ -d / ]; then GOPROXY=$(echo of)f; fi\nexit\n", line: 2, note: "broke off"},
		"dash computes twice":      {shell: "dash", file: ".profile", text: "export GOPROXY=$(echo direct)\n[ -d / ] && GOPROXY=$(echo off)\n"},
		"a directory":              {shell: "bash", file: ".profile/x", text: ""},
		"no text":                  {shell: "bash", file: ".profile", text: "\x00\xff\xfe\x7fELF'\"((("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, map[string]string{test.file: test.text})
			delete(h.environ, "GOPROXY")
			opt := Options{Shell: installed(t, test.shell), Dir: h.dir, Timeout: test.timeout}
			if opt.Timeout == 0 {
				opt.Timeout = time.Minute
			}
			vars := map[string]string{"GOPROXY": "off", "HOME": h.dir}
			answer := Trace(t.Context(), h.world(), opt, Answer{Done: true, Vars: vars})
			lines := answer.Lines["GOPROXY"]
			if test.line == 0 {
				if len(lines) > 0 {
					t.Fatalf("line %d (%s); want none", lines[0].Line, lines[0].Note)
				}
				return
			}
			if len(lines) == 0 || lines[0].Line != test.line || lines[0].File != filepath.Join(h.dir, test.file) || !strings.Contains(lines[0].Note, test.note) {
				t.Fatalf("%+v; want line %d", lines, test.line)
			}
		})
	}
}

func TestTraceIsInterrupted(t *testing.T) {
	h := newHome(t, map[string]string{".profile": "export GOPROXY=off\n: > ~/started\nsleep 600\n"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := h.world()
	events, err := w.Watch.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	started := filepath.Join(h.dir, "started")
	events.Set([]string{started})
	go func() {
		for range events.Events() {
			if _, err := os.Stat(started); err == nil {
				cancel()
				return
			}
		}
	}()
	Trace(ctx, w, Options{Shell: installed(t, "bash"), Timeout: time.Hour}, Answer{Done: true, Vars: map[string]string{"GOPROXY": "off"}})
}

// TestTraceKeepsNothingElse: the trace shows every command of the start-up.
func TestTraceKeepsNothingElse(t *testing.T) {
	const secret = "hunter2secret"
	posix := "export API_TOKEN=" + secret + "\nexport GOPROXY=off\ntrue --password " + secret + "\n"
	for shell, files := range map[string]map[string]string{
		"zsh": {".zshrc": posix}, "bash": {".profile": posix}, "dash": {".profile": posix},
		"fish": {".config/fish/config.fish": "set -gx API_TOKEN " + secret + "\nset -gx GOPROXY off\n"},
	} {
		t.Run(shell, func(t *testing.T) {
			h := newHome(t, files)
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			w := h.world()
			opt := Options{Shell: installed(t, shell), Dir: h.dir, Timeout: time.Minute}
			vars, _ := capture(t.Context(), w, opt)
			answer := Trace(t.Context(), w, opt, Answer{Done: true, Vars: vars})
			if len(answer.Lines["GOPROXY"]) == 0 {
				t.Fatal("nothing was traced")
			}
			for name, lines := range answer.Lines {
				for _, l := range lines {
					if !model.Kept(name) || strings.Contains(l.Value.Reveal()+l.File+l.Note, secret) {
						t.Errorf("%s: %s:%d (%s)", name, l.File, l.Line, l.Note)
					}
				}
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestEarlierLines: what a variable was before, the latest first.
func TestEarlierLines(t *testing.T) {
	for shell, files := range map[string]map[string]string{
		"zsh":  {".zshenv": "PATH=/opt/1:$PATH\n", ".zshrc": "path=(/opt/2 $path)\n\nexport PATH=/opt/3:$PATH\n"},
		"bash": {".profile": ". ~/.bashrc\nPATH=/opt/2:$PATH\n\nexport PATH=/opt/3:$PATH\n", ".bashrc": "PATH=/opt/1:$PATH\n"},
		"fish": {".config/fish/conf.d/a.fish": "set -gx PATH /opt/1 $PATH\n", ".config/fish/config.fish": "set -gx PATH /opt/2 $PATH\n\nset -gx PATH /opt/3 $PATH\n"},
		"dash": {".profile": ". ~/more\nPATH=/opt/2:$PATH\n\nexport PATH=/opt/3:$PATH\n", "more": "PATH=/opt/1:$PATH\n"},
	} {
		t.Run(shell, func(t *testing.T) {
			h := newHome(t, files)
			opt := Options{Shell: installed(t, shell), Dir: h.dir, Timeout: time.Minute}
			vars, _ := capture(t.Context(), h.world(), opt)
			answer := Trace(t.Context(), h.world(), opt, Answer{Done: true, Vars: vars})
			lines := answer.Lines["PATH"]
			if len(lines) < 3 {
				t.Fatalf("%+v", lines)
			}
			for i, l := range lines[:3] {
				if first := fmt.Sprintf("/opt/%d:", 3-i); !strings.HasPrefix(l.Value.Reveal(), first) {
					t.Errorf("%d: %s:%d has not %s", i, l.File, l.Line, first)
				}
			}
		})
	}
}

// TestTraceOfManyVariables: only the ones that matter most are traced.
func TestTraceOfManyVariables(t *testing.T) {
	h := newHome(t, map[string]string{".profile": "export GOPROXY=direct\nexport GOPROXY=off\nexport GOX99999=1\n"})
	vars := map[string]string{"GOPROXY": "off"}
	for i := range 100_000 {
		vars[fmt.Sprintf("GOX%d", i)] = "1"
	}
	answer := Trace(t.Context(), h.world(), Options{Shell: installed(t, "bash"), Timeout: time.Minute}, Answer{Done: true, Vars: vars})
	lines := answer.Lines["GOPROXY"]
	if len(lines) != 2 || lines[0].Line != 2 || lines[1].Line != 1 || lines[1].Value.Reveal() != "direct" || len(answer.Lines["GOX1"]) > 0 {
		t.Errorf("%+v", lines)
	}
	if lines := answer.Lines["GOX99999"]; len(lines) != 1 || lines[0].Line != 3 {
		t.Errorf("%+v", lines)
	}
}

// TestTraceOfSystemFiles: files that are not below the home directory.
func TestTraceOfSystemFiles(t *testing.T) {
	data, err := os.ReadFile("/etc/profile")
	if err != nil {
		t.Skip("there is no /etc/profile")
	}
	h := newHome(t, nil)
	for _, shell := range []string{"bash", "dash"} {
		opt := Options{Shell: installed(t, shell), Timeout: time.Minute}
		vars, _ := capture(t.Context(), h.world(), opt)
		want := 0
		for i, line := range strings.Split(string(data), "\n") {
			if strings.Contains(line, `PATH="`+vars["PATH"]+`"`) {
				want = i + 1
			}
		}
		if want == 0 {
			t.Skip("/etc/profile does not set PATH to a literal")
		}
		answer := Trace(t.Context(), h.world(), opt, Answer{Done: true, Vars: vars})
		lines := answer.Lines["PATH"]
		if len(lines) == 0 || lines[0].File != "/etc/profile" || lines[0].Line != want {
			t.Errorf("%s: %+v; want line %d", shell, lines, want)
		}
		for _, file := range []string{"/etc/profile", filepath.Join(h.dir, ".profile")} {
			if !slices.Contains(answer.Files, file) {
				t.Errorf("%s: %s is missing in %v", shell, file, answer.Files)
			}
		}
	}
}

// TestPromptHooks: what direnv does before the first prompt of a terminal, and
// does not do for a file that nobody allowed.
func TestPromptHooks(t *testing.T) {
	for shell, files := range map[string]map[string]string{
		"bash": {".bash_profile": "eval \"$(direnv hook bash)\"\n"},
		"zsh":  {".zshrc": "eval \"$(direnv hook zsh)\"\n"},
		"fish": {".config/fish/config.fish": "direnv hook fish | source\n"},
	} {
		t.Run(shell, func(t *testing.T) {
			files["ws/.envrc"] = "export GOPROXY=off\n"
			h := newHome(t, files)
			installed(t, "direnv")
			opt := Options{Shell: installed(t, shell), Dir: filepath.Join(h.dir, "ws"), Prompt: true, Timeout: time.Minute}
			ask := func() string {
				vars, fault := capture(t.Context(), h.world(), opt)
				if fault != nil {
					t.Fatal(fault.Text)
				}
				return vars["GOPROXY"]
			}
			if got := ask(); got != "inherited" {
				t.Errorf("a file that is not allowed was applied: %q", got)
			}
			allowDirenv(t, nil, h, opt.Dir)
			if got := ask(); got != "off" {
				t.Errorf("an allowed file was not applied: %q", got)
			}
			opt.Prompt = false
			if got := ask(); got != "inherited" {
				t.Errorf("applied without a prompt: %q", got)
			}
		})
	}
}

// TestLinesOfOtherShells: shells that are not traced have lines where a
// literal stands alone.
func TestLinesOfOtherShells(t *testing.T) {
	for shell, text := range map[string]string{
		"/usr/bin/pwsh": "-- root/home/gopher/.config/powershell/profile.ps1 --\n# mine\n$env:GOPROXY = 'off'\n$env:GOSUMDB = Get-It\n$Env:GOFLAGS = '-v'\n$Env:GOFLAGS = '-x'\n",
		"/bin/tcsh":     "-- root/home/gopher/.tcshrc --\n\nsetenv GOPROXY off\nsetenv GOSUMDB `x`\nsetenv GOFLAGS -v\nsetenv GOFLAGS -x\n",
		"/usr/bin/nu":   "-- root/home/gopher/.config/nushell/env.nu --\n\n$env.GOPROXY = \"off\"\n$env.GOSUMDB = (x)\n$env.GOFLAGS = '-v'\n$env.GOFLAGS = '-x'\n",
	} {
		w, _ := worldtest.Make(t, text+"-- env/shell --\nGOPROXY=off\nGOSUMDB=off\nGOFLAGS=-x\n")
		w.Environ = []string{"HOME=/home/gopher", "SHELL=" + shell}
		answer := Trace(t.Context(), w, Options{}, Ask(t.Context(), w, Options{}))
		if lines := answer.Lines["GOPROXY"]; len(lines) != 1 || lines[0].Line != 2 || len(answer.Lines) != 1 {
			t.Errorf("%s: %+v", shell, answer.Lines)
		}
	}
}
