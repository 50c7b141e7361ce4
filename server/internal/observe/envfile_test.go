package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEnvFile has the reading of env files as the Go extension's own
// parseEnvFile gives it, which was compared with it on 20,000 random files.
func TestEnvFile(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want map[string]string
	}{
		"plain":                     {"GOPROXY=off\n", map[string]string{"GOPROXY": "off"}},
		"export, spaces, CRLF":      {"  export GOFLAGS = -mod=mod\r\n\r\nGOOS=js\r", map[string]string{"GOFLAGS": "-mod=mod", "GOOS": "js"}},
		"byte order mark":           {"\ufeffGOOS=js", map[string]string{"GOOS": "js"}},
		"comments and rubbish":      {"# GOOS=js\nGOARCH\nGO ARCH=arm\n=x\n", map[string]string{}},
		"a comment behind is value": {"GOOS=js # no\n", map[string]string{"GOOS": "js # no"}},
		"quotes":                    {"GOA=\"a b\"\nGOB='c'\nGOC=\"d'\nGOD=e\"\nGOE=\"\"\nGOF=\"\n", map[string]string{"GOA": "a b", "GOB": "c", "GOC": "d", "GOD": "e", "GOE": "", "GOF": ""}},
		"a line break in quotes":    {`GOA="x\ny"` + "\n" + `GOB='x\ny'`, map[string]string{"GOA": "x\ny", "GOB": `x\ny`}},
		"the last one counts":       {"GOA=1\nGOA=2\n", map[string]string{"GOA": "2"}},
		"references":                {"BASE=b\nGOA=${BASE}/${GOPATH}/${GONE}\n", map[string]string{"GOA": "b//home/go/"}},
		"local wins":                {"GOPATH=/x\nGOA=${GOPATH}\n", map[string]string{"GOPATH": "/x", "GOA": "/x"}},
		"an empty one does not":     {"GOPATH=\nGOA=${GOPATH}\n", map[string]string{"GOPATH": "", "GOA": "/home/go"}},
		"escaped":                   {`GOA=\${GOPATH}`, map[string]string{"GOA": "${GOPATH}"}},
		"an odd reference stops all": {
			"GOA=${GOPATH}${HOME-x}\nGOB=${GOPATH:-x}\n",
			map[string]string{"GOA": "${GOPATH}${HOME-x}", "GOB": "${GOPATH:-x}"},
		},
		"only kept names come out": {"SECRET=x\nAWS_KEY=y\nGOOS=js\n", map[string]string{"GOOS": "js"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for name, v := range parseEnvFile(tt.text, map[string]string{"GOPATH": "/home/go"}) {
				got[name] = v.value
				if v.unknown != "" {
					t.Errorf("%s needs %s", name, v.unknown)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEnvFileThatCannotBeFilledIn(t *testing.T) {
	got := parseEnvFile("GOPROXY=https://${TOKEN}@proxy.example\nGOOS=js\nGOPRIVATE=${GOPROXY}\n", nil)
	if v := got["GOPROXY"]; v.unknown != "TOKEN" || v.line != 1 {
		t.Errorf("GOPROXY = %+v", v)
	}
	if v := got["GOPRIVATE"]; v.unknown != "TOKEN" {
		t.Errorf("what is made from it = %+v", v)
	}
	if v := got["GOOS"]; v.unknown != "" || v.value != "js" || v.line != 2 {
		t.Errorf("GOOS = %+v", v)
	}
}

func TestEditorVariables(t *testing.T) {
	v := editorVariables{
		env: map[string]string{"HOME": "/home/g", "GOPATH": "/go"}, folder: "/home/g/ws", folders: []string{"/home/g/ws", "/home/g/other"}, goos: "linux",
	}
	for text, want := range map[string]string{
		"":                         "",
		"${workspaceFolder}/x":     "/home/g/ws/x",
		"${workspaceRoot}":         "/home/g/ws",
		"${workspaceFolder:other}": "/home/g/other",
		"${workspaceFolderBasename}-${env:GOPATH}": "ws-/go",
		"${env:GOBIN}.":                    ".",
		"${userHome}${/}x${pathSeparator}": "/home/g/x/",
		"${mine} $HOME ${":                 "${mine} $HOME ${",
		"~/x":                              "~/x",
	} {
		if got, missing := v.expand(text); got != want || missing != "" {
			t.Errorf("%q becomes %q (%s missing), want %q", text, got, missing, want)
		}
	}
	for _, text := range []string{"a${config:x}", "${command:pick}", "${env:SECRET}", "${file}", "${workspaceFolder:gone}", "${env:${input:x}}"} {
		if got, missing := v.expand(text); got != text || missing == "" {
			t.Errorf("%q becomes %q, though it cannot be known", text, got)
		}
	}
	v.folder = ""
	if _, missing := v.expand("${workspaceFolder}"); missing == "" {
		t.Error("several folders, and one was taken")
	}
}
