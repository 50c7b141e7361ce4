package model

import "strings"

// Git is what git's configuration says about how the go command reaches
// repositories, in one or more environments. It is what holds for the git that
// go runs, which works in the module cache: the configuration of the user's own
// repositories is not part of it.
type Git struct {
	Envs     []EnvName
	Files    []string     // the files that make it up, whether they exist or not
	Rewrites []GitRewrite // url.BASE.insteadOf, by the order in which git first heard of each BASE
	// SSHCommand is core.sshCommand; Set is false if nothing sets it.
	SSHCommand Setting
	SSH        string // absolute path of the ssh that git runs by default; "" if there is none
	// Others are settings in files of protocols, http, credentials and safe directories: a Name is
	// that of git without what it is limited to, such as "http.extraheader".
	Others []Setting
	// Protocols is set if protocol.allow or protocol.NAME.allow says something.
	Protocols bool
	// Patience is set if the configuration of ssh says anywhere how long to wait
	// (ConnectTimeout) or not to ask (BatchMode).
	Patience bool
	Why      string // why it is not known for sure, one clause; "" if it is
}

// GitRewrite is one rule by which git changes addresses: those that begin with
// InsteadOf begin with Base instead.
type GitRewrite struct {
	Base, InsteadOf Value
	Origin          Origin
}

// Rewrite returns the rule by which git changes an address: the one with the
// longest beginning, the first of several. ok is false if it changes nothing.
func (g Git) Rewrite(address string) (rule GitRewrite, rewritten string, ok bool) {
	longest := -1
	for _, r := range g.Rewrites {
		from := r.InsteadOf.Reveal()
		if len(from) > longest && strings.HasPrefix(address, from) {
			rule, longest = r, len(from)
		}
	}
	if longest < 0 {
		return GitRewrite{}, "", false
	}
	return rule, rule.Base.Reveal() + address[longest:], true
}
