//go:build unix

package shell

import "testing"

// TestFurtherSetUps: more ways in which users and their frameworks set
// variables, each judged as in TestCorpus.
func TestFurtherSetUps(t *testing.T) {
	for name, s := range furtherSetUps {
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

// proxy is where GOPROXY is set.
func proxy(place string) map[string]string { return map[string]string{"GOPROXY": place} }

var furtherSetUps = map[string]setUp{
	// zsh
	"zsh plugin loader": {shell: "zsh", files: map[string]string{
		".zshrc":                          "ZSH=~/.omz\nplugins=(git golang)\nsource $ZSH/omz.sh\n",
		".omz/omz.sh":                     "_source() {\n  local f=$1\n  source \"$f\"\n}\nis_plugin() {\n  builtin test -f $1/plugins/$2/$2.plugin.zsh\n}\nfor plugin ($plugins); do\n  if is_plugin $ZSH $plugin; then\n    _source $ZSH/plugins/$plugin/$plugin.plugin.zsh\n  fi\ndone\nunset plugin\n",
		".omz/plugins/git/git.plugin.zsh": "alias g=git\n", ".omz/plugins/golang/golang.plugin.zsh": "# GOPROXY=direct\nexport GOPROXY=off\n",
	}, want: proxy(".omz/plugins/golang/golang.plugin.zsh:2")},
	"zsh rc dir": {shell: "zsh", files: map[string]string{
		".zshrc": "for f in ~/.zshrc.d/*.zsh(N); do source $f; done\n", ".zshrc.d/10.zsh": "export GOPROXY=direct\n", ".zshrc.d/20.zsh": "\n\nexport GOPROXY=off\n",
	}, want: proxy(".zshrc.d/20.zsh:3")},
	"zsh rc dir and override": {shell: "zsh", files: map[string]string{
		".zshrc": "for f (~/.zshrc.d/*.zsh(N)) source $f\nGOPROXY=off\n", ".zshrc.d/10.zsh": "export GOPROXY=direct\n",
	}, want: proxy(".zshrc:2")},
	"zsh antidote": {shell: "zsh", files: map[string]string{
		".zshrc": "true\nsource <(cat ~/plugins)\ntrue\n", "plugins": "fpath+=( ~/a )\nsource ~/a/a.plugin.zsh\n", "a/a.plugin.zsh": "\nexport GOPROXY=off\n",
	}, want: proxy("a/a.plugin.zsh:2")},
	"zsh procsubst": {shell: "zsh", files: map[string]string{".zshrc": "true\nsource <(echo; echo; echo; echo export GOPROXY=off)\ntrue\ntrue\ntrue\n"}, want: proxy(".zshrc:2")},
	"zsh eval sources": {shell: "zsh", files: map[string]string{
		".zshrc": "true\neval \"$(echo 'true; source ~/a.zsh')\"\ntrue\n", "a.zsh": "true\n\nexport GOPROXY=off\n",
	}, want: proxy("a.zsh:3")},
	"zsh eval then direct": {shell: "zsh", files: map[string]string{
		".zshrc": "true\neval \"$(echo 'A=1; B=2')\"\ntrue\nexport GOPROXY=off\n",
	}, want: proxy(".zshrc:4")},
	"zsh eval function called later": {shell: "zsh", files: map[string]string{
		".zshrc": "eval \"$(cat ~/init)\"\ntrue\nsetgo\ntrue\n", "init": "setgo() {\n  export GOPROXY=off\n}\n",
	}, want: proxy(".zshrc:3")},
	"zsh eval in file": {shell: "zsh", files: map[string]string{
		".zshrc": "true\n\n\nsource ~/b.zsh\n", "b.zsh": "true\ntrue\neval \"$(echo export GOPROXY=off)\"\n",
	}, want: proxy("b.zsh:3")},
	"zsh ostype":                             {shell: "zsh", files: map[string]string{".zshrc": "if [[ $OSTYPE == darwin* ]]; then\n  export GOPROXY=direct\nelse\n  export GOPROXY=off\nfi\n"}, want: proxy(".zshrc:4")},
	"zsh case host":                          {shell: "zsh", files: map[string]string{".zshrc": "case $(uname -s) in\n  Darwin) export GOPROXY=direct ;;\n  Linux) export GOPROXY=off ;;\nesac\n"}, want: proxy(".zshrc:3")},
	"zsh heredoc":                            {shell: "zsh", files: map[string]string{".zshrc": "cat > /dev/null <<EOT\nexport GOPROXY=off\nEOT\nexport GOPROXY=off\n"}, want: proxy(".zshrc:4")},
	"zsh heredoc sourced":                    {shell: "zsh", files: map[string]string{".zshrc": "true\n. /dev/stdin <<EOT\n\n\nexport GOPROXY=off\nEOT\ntrue\n"}, want: proxy(".zshrc:2"), stay: true},
	"zsh local in function":                  {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nf() {\n  local GOPROXY=direct\n  GOPROXY=x\n  true\n}\nf\ntrue\n"}, want: proxy(".zshrc:1")},
	"zsh local export":                       {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nf() {\n  local -x GOPROXY=direct\n  true\n}\nf\n"}, want: proxy(".zshrc:1")},
	"zsh subshell":                           {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\n(export GOPROXY=off; true)\n( GOPROXY=off )\nx=$(export GOPROXY=off; true)\n"}, want: proxy(".zshrc:1")},
	"zsh prefix":                             {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nGOPROXY=off true\nGOPROXY=direct true\nenv GOPROXY=off true\ntrue\n"}, want: proxy(".zshrc:1")},
	"zsh prefix to function":                 {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nf() { true }\nGOPROXY=direct f\nGOPROXY=off f\ntrue\n"}, want: proxy(".zshrc:1"), note: reading("GOPROXY")},
	"zsh typeset -T":                         {shell: "zsh", files: map[string]string{".zshrc": "typeset -xT GOPATH gopath\ngopath=(~/go ~/go2)\ntrue\ngopath+=(~/go3)\n"}, want: map[string]string{"GOPATH": ""}},
	"zsh path index":                         {shell: "zsh", files: map[string]string{".zshrc": "path[1,0]=(/opt/x)\ntrue\n"}, want: map[string]string{"PATH": ".zshrc:1"}},
	"zsh alias":                              {shell: "zsh", files: map[string]string{".zshrc": "alias setgo='export GOPROXY=off'\nsetgo\ntrue\n"}, want: proxy(".zshrc:2")},
	"zsh same again":                         {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\ntrue\nexport GOPROXY=off\n"}, want: proxy(".zshrc:3"), stay: true},
	"zsh unset set":                          {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=direct\nunset GOPROXY\ntrue\nexport GOPROXY=off\n"}, want: proxy(".zshrc:4")},
	"zsh unset at end":                       {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=direct\nunset GOPROXY\nexport GOSUMDB=off\n"}, want: proxy("")},
	"zsh anonymous function":                 {shell: "zsh", files: map[string]string{".zshrc": "() {\n  local x=off\n  export GOPROXY=$x\n}\ntrue\n"}, want: proxy(".zshrc:3")},
	"zsh autoload":                           {shell: "zsh", files: map[string]string{".zshrc": "fpath=(~/functions $fpath)\nautoload -Uz setgo\nsetgo\ntrue\n", "functions/setgo": "# sets\n\nexport GOPROXY=off\n"}, want: proxy("functions/setgo:3")},
	"zsh pipeline":                           {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nexport GOPROXY=off | cat\necho direct | read GOPROXY\ntrue | export GOPROXY=off\ntrue\n"}, want: proxy(".zshrc:4")},
	"zsh pipeline only":                      {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY=off\nexport GOPROXY=off | cat\nexport GOPROXY=off &\ntrue\n"}, want: proxy(".zshrc:1")},
	"zsh precmd":                             {shell: "zsh", files: map[string]string{".zshrc": "precmd() { export GOPROXY=off }\n"}, want: proxy("")},
	"zsh two in a line":                      {shell: "zsh", files: map[string]string{".zshrc": "true\nexport GOSUMDB=off GOPROXY=off; export GOFLAGS=-v\n"}, want: map[string]string{"GOPROXY": ".zshrc:2", "GOSUMDB": ".zshrc:2", "GOFLAGS": ".zshrc:2"}},
	"zsh and or":                             {shell: "zsh", files: map[string]string{".zshrc": "false && export GOPROXY=direct\nfalse ||\n  export GOPROXY=off\n"}, want: proxy(".zshrc:3")},
	"zsh zcompiled":                          {shell: "zsh", files: map[string]string{".zshrc": "zcompile ~/a.zsh\nsource ~/a.zsh\ntrue\n", "a.zsh": "true\nexport GOPROXY=off\n"}, want: proxy("a.zsh:2"), stay: true},
	"zsh defer":                              {shell: "zsh", files: map[string]string{".zshrc": "zsh-defer() {\n  \"$@\"\n}\nzsh-defer source ~/a.zsh\ntrue\n", "a.zsh": "export GOPROXY=off\n"}, want: proxy("a.zsh:1")},
	"zsh mise activate":                      {shell: "zsh", files: map[string]string{".zshrc": "mise() { cat ~/activate }\ntrue\neval \"$(mise activate zsh)\"\ntrue\n", "activate": "export MISE_SHELL=zsh\n_mise_hook() {\n  eval \"$(cat ~/hook)\"\n}\nadd-hook() {\n  true\n}\n_mise_hook\n", "hook": "true\nexport GOROOT=/opt/go\n"}, want: map[string]string{"GOROOT": ".zshrc:3"}, note: map[string]string{"GOROOT": "by mise"}},
	"zsh goenv":                              {shell: "zsh", files: map[string]string{".zshrc": "goenv() { cat ~/init }\nexport GOENV_ROOT=~/.goenv\neval \"$(goenv init -)\"\nexport PATH=\"$GOROOT/bin:$PATH\"\n", "init": "export GOENV_SHELL=zsh\nsource ~/completions.zsh\ngoenv() {\n  local command\n  eval 'true'\n}\nexport GOROOT=/opt/g\n", "completions.zsh": "true\n"}, want: map[string]string{"GOROOT": ".zshrc:3", "PATH": ".zshrc:4"}},
	"zsh nested eval":                        {shell: "zsh", files: map[string]string{".zshrc": "true\neval 'eval \"export GOPROXY=off\"'\ntrue\neval 'true'\n"}, want: proxy(".zshrc:2")},
	"zsh eval after sourced eval":            {shell: "zsh", files: map[string]string{".zshrc": "eval \"$(echo 'source ~/a.zsh'; echo 'export GOPROXY=off')\"\ntrue\n", "a.zsh": "eval 'export GOSUMDB=off'\ntrue\n"}, want: map[string]string{"GOPROXY": ".zshrc:1", "GOSUMDB": "a.zsh:1"}},
	"zsh printf -v":                          {shell: "zsh", files: map[string]string{".zshrc": "export GOPROXY\nprintf -v GOPROXY %s off\ntrue\n"}, want: proxy(".zshrc:2")},
	"zsh while read":                         {shell: "zsh", files: map[string]string{".zshrc": "while IFS='=' read -r k v; do\n  [[ $k == '#'* ]] && continue\n  export \"$k=$v\"\ndone < ~/env\ntrue\n", "env": "# x\nGOPROXY=off\nGOSUMDB=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:3", "GOSUMDB": ".zshrc:3"}},
	"zsh export args":                        {shell: "zsh", files: map[string]string{".zshrc": "true\nexport $(grep -v '^#' ~/env | xargs)\ntrue\n", "env": "# x\nGOPROXY=off\n"}, want: proxy(".zshrc:2")},
	"zsh quoted export":                      {shell: "zsh", files: map[string]string{".zshrc": "true\nexport \"GOPROXY=off\"\nset -a\nGOSUMDB=off\n"}, want: map[string]string{"GOPROXY": ".zshrc:2", "GOSUMDB": ".zshrc:4"}},
	"zsh function in other file":             {shell: "zsh", files: map[string]string{".zshrc": "source ~/lib.zsh\n\n\npathadd /opt/zz\n", "lib.zsh": "pathadd() {\n  case \":$PATH:\" in\n    *\":$1:\"*) ;;\n    *) PATH=\"$1:$PATH\" ;;\n  esac\n}\n"}, want: map[string]string{"PATH": "lib.zsh:4"}},
	"bash exec of a shell that is not there": {shell: "bash", files: map[string]string{".bash_profile": "export GOPROXY=off\n. ~/.bashrc\n", ".bashrc": "[ -x /nonexistent/zsh ] && exec /nonexistent/zsh\nexport GOSUMDB=off\n"}, want: map[string]string{"GOPROXY": ".bash_profile:1", "GOSUMDB": ".bashrc:2"}},
	"zsh zdotdir exported":                   {shell: "zsh", files: map[string]string{".zshenv": "export ZDOTDIR=$HOME/z\n[[ -f $ZDOTDIR/.zshenv ]] && . $ZDOTDIR/.zshenv\n", "z/.zshenv": "export GOPROXY=direct\n", "z/.zshrc": "\nexport GOPROXY=off\n"}, want: proxy("z/.zshrc:2")},
	"zsh multiline function":                 {shell: "zsh", files: map[string]string{".zshrc": "f() {\n  if true; then\n    for x in a b; do\n      export GOPROXY=off-$x\n    done\n  fi\n}\nf\ntrue\n"}, want: proxy(".zshrc:4")},
	"zsh continuation":                       {shell: "zsh", files: map[string]string{".zshrc": "export \\\n  GOSUMDB=off \\\n  GOPROXY=off\ntrue\n"}, want: map[string]string{"GOPROXY": ".zshrc:3", "GOSUMDB": ".zshrc:2"}, stay: true},

	// bash
	"bash bash-it": {shell: "bash", files: map[string]string{
		".bash_profile":            "BASH_IT=~/.bash_it\nsource \"$BASH_IT\"/bash_it.sh\n",
		".bash_it/bash_it.sh":      "for _f in \"$BASH_IT\"/{lib,enabled}/*.bash; do\n  if [[ -e \"$_f\" ]]; then\n    source \"$_f\"\n  fi\ndone\nunset _f\n",
		".bash_it/lib/x.bash":      "pathmunge() {\n  if [[ ! $PATH =~ (^|:)$1($|:) ]]; then\n    if [[ ${2:-before} == after ]]; then\n      export PATH=$PATH:$1\n    else\n      export PATH=$1:$PATH\n    fi\n  fi\n}\n",
		".bash_it/enabled/go.bash": "export GOPATH=${GOPATH:-$HOME/go}\npathmunge /opt/zz\nexport GOPROXY=off\n",
	}, want: map[string]string{"GOPROXY": ".bash_it/enabled/go.bash:3", "GOPATH": ".bash_it/enabled/go.bash:1", "PATH": ".bash_it/lib/x.bash:6"}},
	"bash procsubst":                  {shell: "bash", files: map[string]string{".profile": "true\n. <(echo; echo; echo; echo export GOPROXY=off)\ntrue\ntrue\ntrue\n"}, want: proxy(".profile:2")},
	"bash heredoc sourced":            {shell: "bash", files: map[string]string{".profile": "true\n. /dev/stdin <<EOT\n\n\nexport GOPROXY=off\nEOT\ntrue\n"}, want: proxy(".profile:2"), stay: true},
	"bash eval sources":               {shell: "bash", files: map[string]string{".profile": "true\neval \"$(echo 'true; source ~/a.sh')\"\ntrue\n", "a.sh": "true\n\nexport GOPROXY=off\n"}, want: proxy(".profile:2")},
	"bash eval function called later": {shell: "bash", files: map[string]string{".profile": "eval \"$(cat ~/init)\"\ntrue\nsetgo\ntrue\n", "init": "setgo() {\n  export GOPROXY=off\n}\n"}, want: proxy(".profile:3")},
	"bash alias":                      {shell: "bash", files: map[string]string{".profile": "shopt -s expand_aliases\nalias setgo='export GOPROXY=off'\nsetgo\ntrue\n"}, want: proxy(".profile:3")},
	"bash local":                      {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nf() {\n  local GOPROXY=direct\n  GOPROXY=off\n  true\n}\nf\ntrue\n"}, want: proxy(".profile:1")},
	"bash local same":                 {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nf() {\n  local GOPROXY=off\n  true\n}\nf\ntrue\n"}, want: proxy(".profile:1")},
	"bash local x":                    {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nf() {\n  declare GOPROXY=off\n  typeset -x GOPROXY=off\n  true\n}\nf\ntrue\n"}, want: proxy(".profile:1")},
	"bash prefix to function":         {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nf() { true; }\nGOPROXY=direct f\nGOPROXY=off f\nGOPROXY=off true\nenv GOPROXY=off true\ntrue\n"}, want: proxy(".profile:1"), note: reading("GOPROXY")},
	"bash prefix to eval":             {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nGOPROXY=off eval 'true'\nGOPROXY=x eval 'true'\ntrue\n"}, want: proxy(".profile:1")},
	"bash subshell":                   {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\n(export GOPROXY=off; true)\n( GOPROXY=off )\nx=$(export GOPROXY=off; true)\necho | export GOPROXY=off\n"}, want: proxy(".profile:1")},
	"bash comments and here-doc":      {shell: "bash", files: map[string]string{".profile": "# export GOPROXY=off\ncat > /dev/null <<'EOT'\nexport GOPROXY=off\nEOT\nexport GOPROXY=off # export GOPROXY=direct\n: 'export GOPROXY=off'\necho GOPROXY=off >/dev/null\n"}, want: proxy(".profile:5")},
	"bash while read":                 {shell: "bash", files: map[string]string{".profile": "while IFS='=' read -r k v; do\n  case $k in '#'*) continue;; esac\n  export \"$k=$v\"\ndone < ~/env\n", "env": "# x\nGOPROXY=off\nGOSUMDB=off\n"}, want: map[string]string{"GOPROXY": ".profile:3", "GOSUMDB": ".profile:3"}},
	"bash export args":                {shell: "bash", files: map[string]string{".profile": "true\nexport $(grep -v '^#' ~/env | xargs)\ntrue\n", "env": "# x\nGOPROXY=off\n"}, want: proxy(".profile:2")},
	"bash trap DEBUG":                 {shell: "bash", files: map[string]string{".profile": "trap 'export GOPROXY=off' DEBUG\ntrue\ntrap - DEBUG\n"}, want: proxy(".profile:1")},
	"bash trap signal":                {shell: "bash", files: map[string]string{".profile": "trap 'export GOPROXY=off' USR1\nkill -USR1 $$\ntrue\ntrue\n"}, want: proxy(".profile:1"), stay: true},
	"bash prompt command":             {shell: "bash", files: map[string]string{".profile": "PROMPT_COMMAND='export GOPROXY=off'\n"}, want: proxy("")},
	"bash set in test":                {shell: "bash", files: map[string]string{".profile": "if GOPROXY=off; then\n  export GOPROXY\nfi\n"}, want: proxy(".profile:1")},
	"bash elif":                       {shell: "bash", files: map[string]string{".profile": "if false; then export GOPROXY=direct\nelif true; then export GOPROXY=off; fi\n"}, want: proxy(".profile:2")},
	"bash append":                     {shell: "bash", files: map[string]string{".profile": "export GOFLAGS=-v\nGOFLAGS+=' -x'\ntrue\n"}, want: map[string]string{"GOFLAGS": ".profile:2"}},
	"bash mapfile":                    {shell: "bash", files: map[string]string{".profile": "export GOPROXY\nread -d '' GOPROXY < ~/v || :\n", "v": "off"}, want: proxy(".profile:2")},
	"bash arithmetic":                 {shell: "bash", files: map[string]string{".profile": "export GOMAXPROCS\nlet GOMAXPROCS=2+2\ntrue\n"}, want: map[string]string{"GOMAXPROCS": ".profile:2"}},
	"bash arithmetic 2":               {shell: "bash", files: map[string]string{".profile": "export GOMAXPROCS\n((GOMAXPROCS=4))\ntrue\n"}, want: map[string]string{"GOMAXPROCS": ".profile:2"}},
	"bash for variable":               {shell: "bash", files: map[string]string{".profile": "export GOPROXY\nfor GOPROXY in direct off; do\n  true\ndone\ntrue\n"}, want: proxy(".profile:2")},
	"bash getopts-like select loop":   {shell: "bash", files: map[string]string{".profile": "for d in /opt/a /opt/b; do\n  PATH=$PATH:$d\ndone\nexport PATH\n"}, want: map[string]string{"PATH": ".profile:2"}},
	"bash return early":               {shell: "bash", files: map[string]string{".profile": ". ~/a.sh\nexport GOSUMDB=off\n", "a.sh": "export GOPROXY=off\nreturn 0\nexport GOPROXY=direct\n"}, want: map[string]string{"GOPROXY": "a.sh:1", "GOSUMDB": ".profile:2"}},
	"bash sets extdebug":              {shell: "bash", files: map[string]string{".profile": "set -o functrace\nf() {\n  export GOPROXY=off\n}\nf\n"}, want: proxy(".profile:3")},
	"bash source relative":            {shell: "bash", files: map[string]string{".profile": "cd ~/conf\n. ./go.sh\ncd ~\n", "conf/go.sh": "true\nexport GOPROXY=off\n", "go.sh": "\n\nexport GOPROXY=direct\n"}, want: proxy("conf/go.sh:2")},
	"bash source by name":             {shell: "bash", files: map[string]string{".profile": "PATH=$PATH:$HOME/lib\n. gosettings\n", "lib/gosettings": "true\nexport GOPROXY=off\n"}, want: proxy("lib/gosettings:2")},
	"zsh source relative":             {shell: "zsh", files: map[string]string{".zshrc": "cd ~/conf\n. ./go.sh\ncd ~\n", "conf/go.sh": "true\nexport GOPROXY=off\n", "go.sh": "\n\nexport GOPROXY=direct\n"}, want: proxy("conf/go.sh:2")},
	"bash symlinked rc dir":           {shell: "bash", files: map[string]string{".profile": "-> dot/profile", "dot/profile": "d=$(dirname \"$(readlink -f ~/.profile)\")\n. \"$d/go.sh\"\n", "dot/go.sh": "export GOPROXY=off\n"}, want: proxy("dot/go.sh:1")},
	"bash unset in branch":            {shell: "bash", vars: map[string]string{"GOPROXY": "direct"}, files: map[string]string{".profile": "unset GOPROXY\n: ${GOPROXY=off}\nexport GOPROXY\n"}, want: proxy(".profile:2")},
	"bash value back to base":         {shell: "bash", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".profile": "export GOPROXY=direct\ntrue\nexport GOPROXY=off\n"}, want: proxy(".profile:3")},
	"zsh value back to base":          {shell: "zsh", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".zshrc": "export GOPROXY=direct\ntrue\nexport GOPROXY=off\n"}, want: proxy(".zshrc:3")},
	"bash value saved and restored":   {shell: "bash", files: map[string]string{".profile": "export GOPROXY=off\nold=$GOPROXY\nGOPROXY=direct\nGOPROXY=$old\ntrue\n"}, want: proxy(".profile:4")},
	"bash direnv dotenv":              {shell: "bash", files: map[string]string{".bash_profile": "eval \"$(direnv hook bash)\"\n", "ws/.envrc": "dotenv\n", "ws/.env": "# x\nGOPROXY=off\n"}, dir: "ws", want: proxy("ws/.envrc:1"), note: map[string]string{"GOPROXY": "by direnv"}},
	"bash direnv source_up":           {shell: "bash", files: map[string]string{".bash_profile": "eval \"$(direnv hook bash)\"\n", ".envrc": "export GOPROXY=off\n", "ws/.envrc": "source_up\nexport GOSUMDB=off\n"}, dir: "ws", want: map[string]string{"GOSUMDB": "ws/.envrc:2"}, note: map[string]string{"GOPROXY": "by direnv", "GOSUMDB": "by direnv"}},
	"zsh direnv twice":                {shell: "zsh", files: map[string]string{".zshrc": "eval \"$(direnv hook zsh)\"\n", "ws/.envrc": "export GOPROXY=direct\n[ -d / ] && export GOPROXY=off\nPATH_add bin\nPATH_add tools\n"}, dir: "ws", want: map[string]string{"GOPROXY": "ws/.envrc:2"}, note: map[string]string{"GOPROXY": "by direnv", "PATH": "by direnv"}},
	"bash direnv dotenv and export":   {shell: "bash", files: map[string]string{".bash_profile": "eval \"$(direnv hook bash)\"\n", "ws/.envrc": "export GOPROXY=direct\ndotenv\n", "ws/.env": "GOPROXY=off\n"}, dir: "ws", want: proxy("ws/.envrc:2"), note: map[string]string{"GOPROXY": "by direnv"}},

	// fish
	"fish universal path":        {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\n", ".config/fish/fish_variables": "# This file contains fish universal variable definitions.\n# VERSION: 3.0\nSETUVAR fish_user_paths:/opt/zz\n"}, want: map[string]string{"PATH": ""}},
	"fish abbr":                  {shell: "fish", files: map[string]string{".config/fish/config.fish": "abbr -a setgo 'set -gx GOPROXY off'\nset -gx GOSUMDB off\n"}, want: map[string]string{"GOPROXY": "", "GOSUMDB": ".config/fish/config.fish:2"}},
	"fish switch":                {shell: "fish", files: map[string]string{".config/fish/config.fish": "switch (uname)\n  case Darwin\n    set -gx GOPROXY direct\n  case '*'\n    set -gx GOPROXY off\nend\n"}, want: proxy(".config/fish/config.fish:5")},
	"fish conf.d switch":         {shell: "fish", files: map[string]string{".config/fish/conf.d/a.fish": "switch (uname)\n  case Darwin\n    set -gx GOPROXY off\n  case '*'\n    set -gx GOPROXY off\nend\n"}, want: proxy("")},
	"fish conf.d not taken":      {shell: "fish", vars: map[string]string{"GOPROXY": "off"}, files: map[string]string{".config/fish/conf.d/a.fish": "if false\n  set -gx GOPROXY off\nend\n"}, want: proxy("")},
	"fish conf.d function":       {shell: "fish", files: map[string]string{".config/fish/conf.d/a.fish": "function setgo\n  set -gx GOPROXY off\nend\n", ".config/fish/conf.d/b.fish": "true\nset -gx GOPROXY off\n", ".config/fish/config.fish": "true\n"}, want: proxy(".config/fish/conf.d/b.fish:2"), note: reading("GOPROXY")},
	"fish conf.d comments":       {shell: "fish", files: map[string]string{".config/fish/conf.d/a.fish": "set -gx GOPROXY off # mine\n# set -gx GOPROXY off\n"}, want: proxy(".config/fish/conf.d/a.fish:1"), note: reading("GOPROXY")},
	"fish loop":                  {shell: "fish", files: map[string]string{".config/fish/config.fish": "for f in ~/fish.d/*.fish\n  source $f\nend\n", "fish.d/a.fish": "set -gx GOPROXY direct\n", "fish.d/b.fish": "\nset -gx GOPROXY off\n"}, want: proxy("fish.d/b.fish:2")},
	"fish export":                {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\nexport GOPROXY=off\n"}, want: proxy("")},
	"fish autoloaded":            {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\nsetgo\n", ".config/fish/functions/setgo.fish": "function setgo\n  set -gx GOPROXY off\nend\n"}, want: proxy(".config/fish/functions/setgo.fish:2")},
	"fish read":                  {shell: "fish", files: map[string]string{".config/fish/config.fish": "true\nread -gx GOPROXY < ~/v\n", "v": "off\n"}, want: proxy(".config/fish/config.fish:2")},
	"fish erase and set":         {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -gx GOPROXY direct\nset -e GOPROXY\nset -gx GOPROXY off\n"}, want: proxy(".config/fish/config.fish:3")},
	"fish prefix":                {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -gx GOPROXY off\nGOPROXY=off true\nGOPROXY=x true\nenv GOPROXY=off true\n"}, want: proxy(".config/fish/config.fish:1")},
	"fish local same":            {shell: "fish", files: map[string]string{".config/fish/config.fish": "set -gx GOPROXY off\nfunction f\n  set -lx GOPROXY off\n  true\nend\nf\n"}, want: proxy(".config/fish/config.fish:1")},
	"fish two pipes":             {shell: "fish", files: map[string]string{".config/fish/config.fish": "cat ~/a | source\ncat ~/b | source\n", "a": "set -gx GOSUMDB off\n", "b": "set -gx GOPROXY off\n"}, want: map[string]string{}},
	"fish add two paths":         {shell: "fish", files: map[string]string{".config/fish/config.fish": "fish_add_path -gP ~/a\nfish_add_path -gP ~/b\n", "a/x": "", "b/x": ""}, want: map[string]string{"PATH": ".config/fish/config.fish:2"}, note: reading("PATH")},
	"fish event handler":         {shell: "fish", files: map[string]string{".config/fish/config.fish": "function onx --on-variable GOSUMDB\n  set -gx GOPROXY off\nend\nset -gx GOSUMDB off\n"}, want: proxy(".config/fish/config.fish:2")},
	"fish last defined function": {shell: "fish", files: map[string]string{".config/fish/config.fish": "eval 'function setgo; set -gx GOPROXY off; end'\ntrue\nsetgo\n"}, want: map[string]string{}},

	// dash
	"dash rc dir":                {shell: "dash", files: map[string]string{".profile": "if [ -d ~/profile.d ]; then\n  for i in ~/profile.d/*.sh; do\n    if [ -r $i ]; then\n      . $i\n    fi\n  done\n  unset i\nfi\n", "profile.d/a.sh": "export GOPROXY=direct\n", "profile.d/b.sh": "export GOPROXY=off\n"}, want: proxy("profile.d/b.sh:1"), note: reading("GOPROXY")},
	"dash function never called": {shell: "dash", files: map[string]string{".profile": "export GOPROXY=off\nnoproxy() {\n  export GOPROXY=off\n}\n"}, want: map[string]string{}},
	"dash case":                  {shell: "dash", files: map[string]string{".profile": "case $(uname) in\n Darwin) export GOPROXY=off ;;\n *) export GOPROXY=off ;;\nesac\n"}, want: map[string]string{}},
	"dash prefix":                {shell: "dash", files: map[string]string{".profile": "export GOPROXY=off\nGOPROXY=off true\n(export GOPROXY=off)\nenv GOPROXY=off true\n"}, want: proxy(".profile:1"), note: reading("GOPROXY")},
	"dash local":                 {shell: "dash", files: map[string]string{".profile": "export GOPROXY=off\nf() { local GOPROXY=off; true; }\nf\n"}, want: proxy(".profile:1"), note: reading("GOPROXY")},
	"dash early return":          {shell: "dash", files: map[string]string{".profile": ". ~/a.sh\n", "a.sh": "export GOPROXY=off\nreturn\nexport GOPROXY=off\n"}, want: map[string]string{}},
	"dash exits":                 {shell: "dash", files: map[string]string{".profile": "export GOPROXY=off\n[ -n \"$NEVER\" ] && GOPROXY=direct\nunset GOPROXY\nGOPROXY=off\nexport GOPROXY\n"}, want: proxy(".profile:4"), note: reading("GOPROXY")},
}
