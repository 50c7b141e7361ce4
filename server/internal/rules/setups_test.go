package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// setUp is how a company, or a person at home, has made Go work.
type setUp struct {
	env   string // beside HOME and PATH
	files string // sections of a scenario
	want  string // the rows that must be found
}

// setUps are from the manuals of proxies and from what people write.
var setUps = map[string]setUp{
	// Nothing is wrong with these.
	"default":                        {},
	"Artifactory, virtual, netrc":    {env: "GOPROXY=https://artifactory.corp.example/artifactory/api/go/go-virtual", files: "-- home/.netrc --\nmachine artifactory.corp.example\n\tlogin gopher\n\tpassword cmVmdGtuOjAx\n"},
	"Artifactory, token in the URL":  {env: "GOPROXY=https://gopher:cmVmdGtuOjAx@corp.jfrog.example/artifactory/api/go/go\nGONOSUMDB=git.corp.example/*"},
	"Artifactory, e-mail as user":    {env: "GOPROXY=https://gopher%40corp.example:cmVmdGtuOjAx@corp.jfrog.example/artifactory/api/go/go,direct"},
	"Artifactory with a port":        {env: "GOPROXY=https://artifactory.corp.example:8443/go", files: "-- home/.netrc --\nmachine artifactory.corp.example:8443 login gopher password secret\n"},
	"netrc of git, another port":     {env: "GOPROXY=https://git.corp.example:3000/go", files: "-- home/.netrc --\nmachine git.corp.example:8443 login gopher password secret\n"},
	"netrc for GitHub":               {files: "-- home/.netrc --\nmachine github.com login gopher password ghp_0123456789\nmachine api.github.com login gopher password ghp_0123456789\n"},
	"Heroku and FTP in netrc":        {files: "-- home/.netrc --\nmachine api.heroku.example\n  login gopher@corp.example\n  password secret\ndefault login anonymous password me@corp.example\n"},
	"netrc with a macro":             {env: "GOPROXY=https://mirror.corp.example", files: "-- home/.netrc --\nmachine ftp.corp.example login gopher password secret\nmacdef init\n\tcd /pub\n\nmachine mirror.corp.example login gopher password secret\n"},
	"Athens, plain http":             {env: "GOPROXY=http://athens.corp.example:3000"},
	"Athens beside direct":           {env: "GOPROXY=http://127.0.0.1:3000|https://proxy.example,direct"},
	"Nexus group":                    {env: "GOPROXY=https://nexus.corp.example/repository/go-group/\nGONOSUMDB=*.corp.example\nGONOPROXY=none\nGOPRIVATE=*.corp.example"},
	"GitLab":                         {env: "GOPROXY=https://gopher:glpat-0123@gitlab.corp.example/api/v4/projects/7/packages/go,https://proxy.example,direct\nGONOSUMDB=gitlab.corp.example/*"},
	"China":                          {env: "GOPROXY=https://goproxy.cn,https://mirrors.aliyun.example/goproxy/,direct\nGOSUMDB=sum.golang.google.cn"},
	"China, no scheme":               {env: "GOPROXY=goproxy.cn,goproxy.example,direct"},
	"Azure, credential provider":     {env: "GOPROXY=https://pkgs.azure.example/corp/_packaging/go/goproxy,direct\nGOAUTH=/opt/corp/bin/azure-go-auth --tenant corp;netrc", files: "-- root/opt/corp/bin/azure-go-auth --\n#!/bin/sh\n"},
	"git credential helper":          {env: "GOAUTH=git /home/gopher/src", files: "-- home/src/.keep --\n"},
	"HTTP proxy with exceptions":     {env: "HTTPS_PROXY=http://gopher:secret@webproxy.corp.example:3128\nHTTP_PROXY=http://webproxy.corp.example:3128\nNO_PROXY=localhost,127.0.0.1,.corp.example,*.intern.example,10.0.0.0/8,git.corp.example:8443,[::1]"},
	"HTTP proxy in small letters":    {env: "https_proxy=webproxy.corp.example:3128\nno_proxy=.corp.example"},
	"NO_PROXY for all":               {env: "HTTPS_PROXY=http://webproxy.corp.example:3128\nNO_PROXY=https://git.corp.example,*"},
	"URLs in NO_PROXY, no proxy":     {env: "NO_PROXY=https://git.corp.example"},
	"SOCKS":                          {env: "HTTPS_PROXY=socks5://127.0.0.1:1080\nALL_PROXY=socks5://127.0.0.1:1080"},
	"inspected https":                {env: "HTTPS_PROXY=http://webproxy.corp.example:3128\nSSL_CERT_FILE=/etc/corp/bundle.pem\nSSL_CERT_DIR=/etc/corp", files: "-- root/etc/corp/bundle.pem --\n-----BEGIN CERTIFICATE-----\n"},
	"SSL_CERT_DIR with one missing":  {env: "SSL_CERT_DIR=/etc/corp:/etc/gone", files: "-- root/etc/corp/a.pem --\n-----BEGIN CERTIFICATE-----\n"},
	"offline, all cached":            {env: "GOPROXY=off", files: "-- home/go/pkg/mod/cache/download/example.com/greet/@v/v1.0.0.zip --\n(a zip)\n"},
	"offline, vendored":              {env: "GOPROXY=off", files: "-- ws/vendor/modules.txt --\n# example.com/greet v1.0.0\n## explicit\nexample.com/greet\n"},
	"offline, replaced":              {env: "GOPROXY=off", files: "-- ws/greet/go.mod --\nmodule example.com/greet\n-- ws/go.mod --\nmodule example.com/app\n\ngo 1.26\n\nrequire example.com/greet v1.0.0\n\nreplace example.com/greet => ./greet\n"},
	"file tree":                      {env: "GOPROXY=file:///srv/goproxy,off\nGOSUMDB=off"},
	"file tree with a blank":         {env: "GOPROXY=file:///srv/go%20proxy"},
	"module cache as a proxy":        {env: "GOPROXY=file:///home/gopher/go/pkg/mod/cache/download,https://proxy.example"},
	"GOENV off":                      {env: "GOENV=off\nGOPROXY=https://proxy.example"},
	"white space around the entries": {env: "GOPROXY= https://mirror.example , https://proxy.example , direct "},
	"old Go with GOAUTH":             {env: "GOAUTH=netrc;", files: "-- goroot/VERSION --\ngo1.22.5\n-- ws/go.mod --\nmodule example.com/app\n\ngo 1.22\n\nrequire example.com/greet v1.0.0\n"},

	// Something is wrong with these.
	"Artifactory, port, netrc without":  {env: "GOPROXY=https://artifactory.corp.example:8443/go", files: "-- home/.netrc --\nmachine artifactory.corp.example login gopher password secret\n", want: "AUTH-NETRCPORT"},
	"Artifactory, http, netrc":          {env: "GOPROXY=http://artifactory.corp.example:8081/go", files: "-- home/.netrc --\nmachine artifactory.corp.example login gopher password secret\n", want: "AUTH-NETRC-IGNORED"},
	"Artifactory, http, token":          {env: "GOPROXY=http://gopher:cmVmdGtuOjAx@artifactory.corp.example:8081/go", want: "PX-HTTPCRED"},
	"a shell's quotes in an env file":   {env: "GOPROXY='https://proxy.example,direct'", want: "PX-QUOTED"},
	"semicolons as on Windows":          {env: "GOPROXY=https://goproxy.cn;https://proxy.example;direct", want: "PX-SEP"},
	"direct with a capital":             {env: "GOPROXY=https://goproxy.cn,Direct", want: "PX-LATERBAD"},
	"a path of an old set-up":           {env: "GOPROXY=/srv/goproxy", want: "PX-ABSPATH"},
	"npm's none":                        {env: "GOPROXY=none", want: "PX-WORD"},
	"direct first":                      {env: "GOPROXY=direct,https://proxy.example", want: "PX-AFTER-TERM"},
	"Docker's Athens":                   {env: "GOPROXY=localhost:3000", want: "PX-IMPLICITHTTPS"},
	"URL in NO_PROXY":                   {env: "HTTPS_PROXY=http://webproxy.corp.example:3128\nNO_PROXY=https://git.corp.example/,localhost", want: "NOPROXY-URL"},
	"certificate of another machine":    {env: "SSL_CERT_FILE=/etc/corp/bundle.pem", want: "SSLFILE-MISSING"},
	"GOAUTH copied with a line end":     {env: "GOPROXY=https://proxy.example\nGOAUTH=netrc; ", want: "AUTH-GOAUTH-EMPTY"},
	"GOAUTH, git in the home directory": {env: "GOPROXY=https://proxy.example\nGOAUTH=git $HOME/src", want: "AUTH-GOAUTH-GIT"},
	"GOAUTH, program of the terminal":   {env: "GOAUTH=gcloud-go-auth", want: "AUTH-GOAUTH-CMD"},
	"offline, cold":                     {env: "GOPROXY=off", want: "PX-OFF-COLD"},
}

// TestSetUps looks at the set-ups of many people: what is fine must stay
// silent, and what is wrong is told once, under its own name.
func TestSetUps(t *testing.T) {
	const goMod = "-- ws/go.mod --\nmodule example.com/app\n\ngo 1.26\n\nrequire example.com/greet v1.0.0\n"
	for name, c := range setUps {
		t.Run(name, func(t *testing.T) {
			sections := "-- root/usr/bin/git --\n#!/bin/sh\n-- goroot/go.env --\nGOPROXY=https://proxy.example,direct\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=auto\n" + c.files
			if !strings.Contains(c.files, "ws/go.mod") {
				sections += goMod
			}
			w, _ := worldtest.Make(t, sections)
			vars := map[string]string{"HOME": "/home/gopher", "PATH": "/usr/lib/go/bin:/usr/bin:/bin"}
			for line := range strings.SplitSeq(c.env, "\n") {
				if name, value, ok := strings.Cut(line, "="); ok {
					vars[name] = value
				}
			}
			s := observe.Take(t.Context(), w, observe.Input{
				Number: 1, Dir: "/home/gopher/ws", Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars, model.EnvGopls: vars},
			})
			findings, crashes := rules.Run(s)
			if len(crashes) > 0 {
				t.Errorf("crashes: %v", crashes)
			}
			refs := []string{}
			for _, f := range findings {
				refs = append(refs, f.Ref)
				if !slices.Equal(f.Environments, []model.EnvName{model.EnvGopls, model.EnvShell}) {
					t.Errorf("%s is told of %v, want once of both environments", f.Ref, f.Environments)
				}
			}
			if want := strings.Fields(c.want); !slices.Equal(refs, want) {
				t.Errorf("found %v, want %v", refs, want)
			}
		})
	}
}
