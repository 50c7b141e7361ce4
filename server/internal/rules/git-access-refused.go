package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gitAccessRefused = Rule{
	ID:     "git-access-refused",
	Family: "direct and version control",
	Title:  "The git server of a module lets nobody in",
	Refs: []Ref{
		{"VC-AUTH", "git would have to ask for a user name or password", "fatal: could not read Username for '…': terminal prompts disabled"},
		{"VC-SSHKEY", "no SSH key that the server accepts", "Permission denied (publickey)."},
		{"VC-SSHHOST", "the server's host key is not known, or another one", "Host key verification failed."},
		{"VC-NOREPO", "there is no such repository, or not for whom git asks as", "ERROR: Repository not found."},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"auth":         `The server of {about} wants credentials that git does not have, and go does not let git ask for them.`,
		"key":          `The SSH server of {about} accepts none of the keys that git has here.`,
		"key-no-agent": `The SSH server of {about} accepts none of the keys that git has here; {who} no SSH agent (SSH_AUTH_SOCK is not set), your shell has one.`,
		"host":         `ssh does not trust the server of {about}: its host key is not in known_hosts, or is another one.`,
		"repository":   `The server of {about} has no such repository, or hides it from whom git asks as.`,
	},
	Doc: Doc{
		Symptom: "```\nfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled\ngit@git.corp.example: Permission denied (publickey).\nHost key verification failed.\n```\n\ngopls shows `could not import …`.",
		Cause:   "go fetches private modules with git, and git with what it has: a credential helper, an SSH key or agent, `.netrc`. go sets GIT_TERMINAL_PROMPT=0, so nothing is asked in a terminal; an editor that was started from the desktop may not have the SSH agent of your shell. If a proxy serves the module, git should not be asked at all: see *private-modules-bypass-proxy*.",
		Cure:    "Fetch the repository once by hand, with the command of the quick fix: git asks, and a credential helper keeps the answer. Or let git use SSH for the host: `git config --global url.\"ssh://git@git.corp.example/\".insteadOf https://git.corp.example/`. A repository that is not found, although it exists: git asks as somebody who may not see it, because of another key, account or address: `git config --show-origin --get-regexp 'url|ssh'` and `echo $GIT_SSH_COMMAND` tell. A new host key: compare it with what the owner of the server publishes, then accept it with `ssh -T git@git.corp.example`.",
		Undo:    "`git credential-manager erase`, or `git config --global --unset` of what was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		found := spoken(s, "VC-AUTH", always("auth"))
		for i, f := range found {
			if url := urlOf(f.GoText.Reveal()); url != "" {
				found[i].Fixes = []model.FixOffer{{ID: "run-command", Args: map[string]model.Value{
					"command": model.NewValue("git ls-remote " + url), "dir": model.NewValue(s.Dir),
					"why": model.NewValue("lets git ask for the credentials, which a credential helper then keeps"),
				}}}
			}
		}
		shell, _ := s.Env(model.EnvShell)
		agent := shell.Process()["SSH_AUTH_SOCK"] != ""
		for _, f := range spoken(s, "VC-SSHKEY", func(env model.Env, _ utterance) string {
			if agent && env.Complete && env.Process()["SSH_AUTH_SOCK"] == "" {
				return "key-no-agent"
			}
			return "key"
		}) {
			f.Args["who"] = model.NewValue(who(f.Environments) + " has")
			found = append(found, f)
		}
		found = append(found, spoken(s, "VC-SSHHOST", always("host"))...)
		return append(found, spoken(s, "VC-NOREPO", always("repository"))...)
	},
}

// urlOf finds the https address in what git says, if a shell would take it as
// one plain word and it holds no credentials.
func urlOf(text string) string {
	i := strings.Index(text, "'https://")
	if i < 0 {
		return ""
	}
	url, _, closed := strings.Cut(text[i+1:], "'")
	for _, c := range strings.TrimPrefix(url, "https://") {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:", c) {
			return ""
		}
	}
	if !closed {
		return ""
	}
	return url
}
