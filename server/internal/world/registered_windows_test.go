package world

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"
)

// register sets a variable in a registry key for the time of the test. It
// reports whether we may.
func register(t *testing.T, key registeredKey, name, value string) bool {
	t.Helper()
	k, _, err := registry.CreateKey(key.root, key.path, registry.SET_VALUE)
	if errors.Is(err, fs.ErrPermission) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.DeleteValue(name); err != nil {
			t.Error(err)
		}
		_ = k.Close()
	})
	if err := k.SetExpandStringValue(name, value); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestRegistered(t *testing.T) {
	const name = "GoPhantom_Test_Registered"
	keys := registeredKeys()
	user, machine := keys[len(keys)-2], keys[len(keys)-1]
	want := []RegisteredValue{{user.String(), os.Getenv("SystemRoot") + `\user`}}
	register(t, user, name, `%SystemRoot%\user`)
	if register(t, machine, name, "machine") {
		want = append(want, RegisteredValue{machine.String(), "machine"})
	}

	w := Real()
	found, err := w.Registered(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string) RegisteredVariable {
		i := slices.IndexFunc(found, func(v RegisteredVariable) bool { return v.Name == name })
		if i < 0 {
			t.Fatalf("no %s in %d variables", name, len(found))
		}
		return found[i]
	}
	if v := of(strings.ToUpper(name)); v.Value != want[0].Value || !slices.Equal(v.From, want) {
		t.Errorf("registered as %+v; want %+v", v, want)
	}
	path := of("PATH")
	at := 0
	for _, said := range path.From {
		i := strings.Index(path.Value[at:], strings.TrimRight(said.Value, ";"))
		if i < 0 {
			t.Fatalf("PATH is not what its keys say, one after the other")
		}
		at += i
	}
	if len(path.From) == 0 || path.From[0].Key != machine.String() {
		t.Errorf("PATH begins with %d keys, and not the machine's", len(path.From))
	}
	if v := of("USERPROFILE"); v.Value != os.Getenv("USERPROFILE") || len(v.From) > 0 && v.From[0].Key == machine.String() {
		t.Errorf("USERPROFILE is not what Windows made at logon")
	}
	if path := Variables(w.Environ)["PATH"]; path == "" || path != os.Getenv("Path") {
		t.Error("our own PATH is not found by its one name")
	}
}
