package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
)

// secretive is a snapshot with a secret in every kind of place.
func secretive(secret string) *model.Snapshot {
	value := model.NewValue
	return &model.Snapshot{
		Number: 1, Taken: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Dir: "/home/gopher/app", Trusted: true,
		Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
			"GOPROXY":    {Value: value("https://gopher:" + secret + "@proxy.example,direct"), Earlier: []model.Shadow{{Value: value("https://" + secret + "@old.example")}}},
			"GO_TOKEN":   {Value: value(secret)},
			"GOAUTH":     {Value: value("print-it " + secret)},
			"GOPRIVATE":  {Value: value("git.corp.example\r")},
			"HTTP_PROXY": {Value: value("http://u:" + secret + "\r\x01x@proxy.example")},
		}}}}},
		Settings: []model.EditorSetting{{Key: "go.testEnvToken", Texts: []model.Value{value(secret)}}},
		Rivals:   []model.Rival{{Folder: "/x", Here: model.Setting{Name: "GO_SECRET", Value: value(secret)}}},
		Said:     []model.Said{{Text: value("go: reading https://gopher:" + secret + "@proxy.example/x: 404"), Messages: []model.Message{{Refs: []string{"X"}, Args: map[string]model.Value{"url": value("https://u:" + secret + "@p.example")}}}}},
		Netrcs:   []model.Netrc{{Machines: []model.NetrcMachine{{Name: "git.example", Credential: value(secret)}}}},
		Gits:     []model.Git{{Rewrites: []model.GitRewrite{{Base: value("https://oauth2:" + secret + "@git.example/")}}}},
		Overlays: map[string]string{"/home/gopher/app/a.go": "package a // " + secret},
		Views:    []model.GoplsView{{EnvOverlay: []string{"GO_TOKEN=" + secret}}},
		Problems: []model.Problem{{Message: "password=" + secret}},
	}
}

func TestCaptureHoldsNoSecret(t *testing.T) {
	for _, secret := range []string{"hunter2hunter2", "p@ss/wo:rd?x", "ghp_0123456789abcdefghijABCDEFGHIJ0123"} {
		data, err := Capture(secretive(secret), "v1")
		if err != nil {
			t.Fatal(err)
		}
		if text := string(data); strings.Contains(text, secret) || strings.Contains(text, strings.Split(secret, "/")[0]) {
			t.Errorf("%s is in the capture:\n%s", secret, text)
		}
		s, err := ReadCapture(data)
		if err != nil {
			t.Fatal(err)
		}
		shell, _ := s.Env(model.EnvShell)
		if got := shell.Lookup("GOPRIVATE").Value.Reveal(); got != "git.corp.example\r" {
			t.Errorf("a carriage return, which is what is wrong with a value, became %q", got)
		}
	}
}

// TestEverySecretHasItsPseudonym checks that two captures tell whether secrets
// are equal, and nothing else.
func TestEverySecretHasItsPseudonym(t *testing.T) {
	token := func(secret string) string {
		shell, _ := Redacted(secretive(secret)).Env(model.EnvShell)
		return shell.Lookup("GO_TOKEN").Value.Reveal()
	}
	one, again, other := token("hunter2hunter2"), token("hunter2hunter2"), token("hunter3hunter3")
	if one != again || one == other {
		t.Errorf("pseudonyms are %s, %s and %s", one, again, other)
	}
}

// TestCaptureKeepsEveryField fills a snapshot and expects all of it back, so that
// a new field of the model cannot be lost on the way.
func TestCaptureKeepsEveryField(t *testing.T) {
	s := reflect.New(reflect.TypeFor[model.Snapshot]()).Elem()
	fill(s, 0)
	want := s.Addr().Interface().(*model.Snapshot)
	want.Overlays, want.Netrcs[0].Machines[0].Credential = nil, model.Value{} // which captures do not have
	data, err := Capture(want, "v1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadCapture(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b model.Value) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// fill gives everything below v a value that is not zero.
func fill(v reflect.Value, depth int) {
	switch {
	case v.Type() == valueType:
		v.Set(reflect.ValueOf(model.NewValue("plain")))
		return
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	}
}

func TestBrokenCaptures(t *testing.T) {
	data, err := Capture(secretive("hunter2hunter2"), "v9")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(data)
	for name, c := range map[string]struct{ file, want string }{
		"empty":       {"", "breaks off"},
		"cut":         {whole[:len(whole)/2], "breaks off"},
		"text":        {"hello", "no capture"},
		"a report":    {`{"schema": "gophantom.report/1"}`, "check --capture"},
		"next format": {strings.Replace(whole, CaptureSchema, "gophantom.capture/2", 1), "newer gophantom"},
		"new field":   {strings.Replace(whole, `"Number":`, `"Novelty": 1, "Number":`, 1), "newer gophantom (v9)"},
		"wrong type":  {strings.Replace(whole, `"Trusted": true`, `"Trusted": "yes"`, 1), "/snapshot/Trusted"},
		"no snapshot": {`{"schema": "` + CaptureSchema + `", "gophantom": "v1", "snapshot": null}`, "no snapshot"},
		"more":        {whole + "{}", "no capture"},
	} {
		_, err := ReadCapture([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want it to say %q", name, err, c.want)
		}
	}
}

// TestReportCarries: a report leads to the snapshot that its capture alone leads to,
// and tells as little; where it is too large for that, the report says so.
func TestReportCarries(t *testing.T) {
	const secret = "hunter2hunter2"
	s := secretive(secret)
	s.Reason = "</script>\u202e\xff"
	alone, err := Capture(s, "v1")
	if err != nil {
		t.Fatal(err)
	}
	want, err := ReadCapture(bytes.ToValidUTF8(alone, []byte("\uFFFD"))) // as JSON has to be
	if err != nil {
		t.Fatal(err)
	}
	r := EnvironmentReport{Schema: EnvironmentReportSchema, Report: healthy()}
	r.Carry(s)
	forms := map[string]string{}
	data, err := JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	forms["JSON"] = string(data)
	for _, l := range []l10n.Language{l10n.English, l10n.Chinese} {
		if forms["HTML "+l.Tag()], err = r.HTML(l); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range forms {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells a secret", name)
		}
		got, err := ReadCapture([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b model.Value) bool { return a == b })); diff != "" {
			t.Errorf("%s (-alone +carried):\n%s", name, diff)
		}
	}

	s.Reason = strings.Repeat("a long story; ", mostCarried/14+1)
	large := EnvironmentReport{Schema: EnvironmentReportSchema, Report: healthy()}
	large.Carry(s)
	if large.Capture != nil || len(large.Environments.Notes) != 1 || !strings.Contains(large.Environments.Notes[0], "too large") {
		t.Errorf("the report carries %d bytes and says %q", len(large.Capture), large.Environments.Notes)
	}
	if data, err = JSON(large); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCapture(data); err == nil || !strings.Contains(err.Error(), "check --capture FILE") {
		t.Errorf("the error is %v", err)
	}
	alike, err := Environments{}.HTML(l10n.English)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCapture([]byte(alike)); err == nil || !strings.Contains(err.Error(), "this is no capture") {
		t.Errorf("a page of environments alone: the error is %v", err)
	}
}

func FuzzReadCapture(f *testing.F) {
	data, err := Capture(secretive("hunter2hunter2"), "v1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schema": "gophantom.capture/1", "snapshot": {}}`))
	f.Add([]byte(`{"schema": "gophantom.environment-report/1", "capture": {"schema": "gophantom.capture/1", "snapshot": {}}}`))
	f.Add([]byte(`<script type="application/json">{"document": {"schema": "gophantom.environment-report/1", "capture": {}}}</script>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := ReadCapture(file)
		if (s == nil) == (err == nil) {
			t.Errorf("snapshot %v, error %v", s, err)
		}
	})
}
