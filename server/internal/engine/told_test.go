package engine

import (
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// silent are the rows of the catalogue whose texts narrow nothing down, are mere
// warnings, or that go has no text for.
var silent = map[string]bool{
	"PX-AFTER-TERM": true, "PX-HANG": true, "NOPROXY-URL": true, "PV-CRLF": true, "PV-URL": true, "PV-PORT": true, "PV-SEP": true, "PV-DOTSUFFIX": true, "PV-BADGLOB": true, "PV-ELLIPSIS": true,
	"PV-DBLSLASH": true, "PV-TOOBROAD": true, "PV-SUFFIXSPOOF": true, "PV-EMPTYOVERRIDE": true, "PV-PROXYHOSTED": true, "PV-NOSUMCHECK": true, "VC-SSHHANG": true, "EN-SHADOW": true, "EN-FILEFMT": true,
	"EN-OFFWRITE": true, "EN-UNREADABLE": true, "EN-GOWORKFILE": true, "GF-MODMOD": true, "VD-PRE114": true, "MOD-INTMP": true, "GP-MOD": true, "PERM-MOD": true,
	"TM-SYNTAX": true, "TM-KEY": true, "TM-TYPE": true, "TM-CONFLICT": true, "TM-VALUE": true, "TM-COVERS": true, "TM-FORBIDDEN": true, "TM-VERSION": true, "TM-EXPIRED": true,
}

// TestEveryTextIsAboutSomething walks the catalogue: each row is about facts that
// there are, or says that it is about none.
func TestEveryTextIsAboutSomething(t *testing.T) {
	kinds := map[string]bool{"go": true, "git": true, "cc": true, "GOFLAGS -mod": true}
	for _, k := range []baseline.Kind{baseline.GoLine, baseline.Require, baseline.Replace, baseline.Sum, baseline.Use, baseline.Vendor, baseline.Workspace, baseline.Netrc, baseline.Git, baseline.Module, baseline.Exclude, baseline.Place, baseline.Branch, baseline.Unreadable} {
		kinds[string(k)] = true
	}
	for _, family := range rules.Catalogue {
		for _, ref := range family.Refs {
			about := baseline.AboutFact(ref)
			if (len(about) == 0) != silent[ref] {
				t.Errorf("%s is about %q", ref, about)
			}
			for _, name := range about {
				if !kinds[name] && !model.Kept(name) && name != "TMP" && name != "TEMP" {
					t.Errorf("%s is about %q, which is no fact", ref, name)
				}
			}
		}
	}
}
