package rules

import (
	"go/version"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gitSshWithoutLimit = Rule{
	ID:     "git-ssh-without-limit",
	Family: "direct and version control",
	Title:  "A module is fetched over ssh, and nothing limits how long go waits for the server",
	Refs: []Ref{
		{"VC-SSHHANG", "ssh without ConnectTimeout or BatchMode", ""},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"no-limit": `{module} has to be fetched with git, whose configuration turns {from} into {to}. Neither go nor git nor ssh has a time limit here: should the server take the connection and not answer, go would wait for ever and say nothing.`,
		"hangs":    `git asked {about} over ssh and did not come to an end when it was probed. go has no time limit: it would wait for ever and say nothing.`,
	},
	Doc: Doc{
		Symptom: "`go build`, `go mod download` or gopls stands still. Nothing is printed, with `-x` only the git command. gopls shows *Loading packages…* and no errors.",
		Cause:   "A rule in git’s configuration (`url.<base>.insteadOf`) makes git fetch over ssh. go sets no time limit for git, git none for ssh, and ssh has none by default once the server has taken the connection. go itself adds nothing to that: it tells ssh neither how long to wait nor not to ask.",
		Cure:    "Give ssh a limit: `git config --global core.sshCommand \"ssh -o ConnectTimeout=10\"`, or a line `ConnectTimeout 10` in `~/.ssh/config`. If go hangs right now, try `ssh -v -o BatchMode=yes -o ConnectTimeout=10 git@HOST`: it says where it stops.",
		Undo:    "`git config --global --unset core.sshCommand`, or take the line out again.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		found := spoken(s, "VC-SSHHANG", always("hangs"))
		if len(found) > 0 {
			return found // seen, not feared
		}
		for _, env := range present(s) {
			git, ok := gitOf(s, env.Name)
			if t, _ := s.ToolchainOf(env.Name); version.Compare(t.Selected, "go1.26") < 0 {
				continue // earlier ones may tell ssh something
			}
			if !ok || !unlimited(git, env.Process()) {
				continue
			}
			for _, n := range originNeeds(s, env) {
				vcs := n.route.VCS
				anyScheme := strings.HasSuffix(vcs.Root, ".git") && n.route.Insecure.Allowed // go tries git:// first
				if !n.missing || vcs.Tool != "git" || !vcs.Allowed || anyScheme || !n.route.Error.Empty() || n.route.Unknown != "" {
					continue
				}
				from := "https://" + vcs.Root
				rule, to, ok := git.Rewrite(from)
				if !ok || !overSSH(to) {
					continue
				}
				f := model.Finding{
					Ref: "VC-SSHHANG", Message: "no-limit", Subject: "GIT_SSH_COMMAND", Severity: model.Info, Latent: true, Location: n.at(), Origin: &rule.Origin,
					Args: values("module", n.route.Target.Path, "from", from, "to", to),
				}
				if !git.SSHCommand.Set && !fromEnvironment(env.Process()) {
					f.Fixes = []model.FixOffer{runCommand(`git config --global core.sshCommand "ssh -o ConnectTimeout=10"`, s.Dir, "makes ssh give up after ten seconds, for your own git, too")}
				}
				found.add(env.Name, f)
				break
			}
		}
		return found
	},
}

// gitOf returns the configuration of git in an environment, if it is known for
// sure.
func gitOf(s *model.Snapshot, name model.EnvName) (git model.Git, ok bool) {
	i := slices.IndexFunc(s.Gits, func(g model.Git) bool { return slices.Contains(g.Envs, name) })
	if i < 0 {
		return model.Git{}, false
	}
	return s.Gits[i], s.Gits[i].Why == ""
}

// fromEnvironment reports whether an environment says how git runs ssh.
func fromEnvironment(vars map[string]string) bool {
	_, command := vars["GIT_SSH_COMMAND"]
	_, program := vars["GIT_SSH"]
	return command || program
}

// unlimited reports whether git is sure to run an ssh that waits for ever.
func unlimited(git model.Git, vars map[string]string) bool {
	if git.Patience || git.Protocols || vars["GIT_ALLOW_PROTOCOL"] != "" || git.SSH == "" {
		return false
	}
	command, set := vars["GIT_SSH_COMMAND"]
	if !set && git.SSHCommand.Set {
		command, set = git.SSHCommand.Value.Reveal(), true
	}
	if !set {
		program, other := vars["GIT_SSH"]
		return !other || program == "ssh"
	}
	words := strings.Fields(strings.ToLower(command))
	if len(words) == 0 || words[0] != "ssh" || strings.ContainsAny(command, "`$&|;<>()\\") {
		return false // some program of the user's own
	}
	for _, w := range words {
		if strings.Contains(w, "connecttimeout") || strings.Contains(w, "batchmode") || strings.HasPrefix(w, "-f") {
			return false // limited, or configured by another file
		}
	}
	return true
}

// overSSH reports whether git uses ssh for an address.
func overSSH(address string) bool {
	if scheme, _, ok := strings.Cut(address, "://"); ok {
		return scheme == "ssh" || scheme == "git+ssh" || scheme == "ssh+git"
	}
	host, _, ok := strings.Cut(address, ":")
	return ok && len(host) > 1 && !strings.Contains(host, "/") && !strings.Contains(address, "::")
}
