package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// registered asks Windows itself for the environment of a new program, and the
// registry only for who set what: how the keys are joined and in which order
// references are expanded is Windows' business.
func registered(ctx context.Context) ([]RegisteredVariable, error) {
	var token windows.Token
	err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_QUERY|windows.TOKEN_DUPLICATE|windows.TOKEN_IMPERSONATE, &token)
	if err != nil {
		return nil, fmt.Errorf("registered environment: %w", err)
	}
	defer func() { _ = token.Close() }()
	environ, err := token.Environ(false)
	if err != nil {
		return nil, fmt.Errorf("registered environment: %w", err)
	}
	var from []map[string]RegisteredValue // the key that is applied last comes first
	for _, key := range registeredKeys() {
		values, err := readKey(key)
		if err != nil {
			return nil, err
		}
		from = append(from, values)
	}
	var found []RegisteredVariable
	for name, value := range Variables(Canonical("windows", environ)) {
		v := RegisteredVariable{Name: name, Value: value}
		for _, values := range from {
			if said, ok := values[name]; ok {
				v.From = append(v.From, said)
			}
		}
		switch {
		case name == "PATH":
			slices.Reverse(v.From)
		case len(v.From) > 0:
			v.From[0].Value = value // with the references as Windows expands them, not we
		}
		found = append(found, v)
	}
	slices.SortFunc(found, func(a, b RegisteredVariable) int { return strings.Compare(a.Name, b.Name) })
	return found, ctx.Err()
}

// registeredKey is a registry key that holds variables.
type registeredKey struct {
	root registry.Key
	path string
}

func (k registeredKey) String() string {
	if k.root == registry.LOCAL_MACHINE {
		return `HKEY_LOCAL_MACHINE\` + k.path
	}
	return `HKEY_CURRENT_USER\` + k.path
}

// registeredKeys lists the keys with variables, the one that is applied last
// first.
func registeredKeys() []registeredKey {
	keys := []registeredKey{
		{registry.CURRENT_USER, `Volatile Environment`},
		{registry.CURRENT_USER, `Environment`},
		{registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager\Environment`},
	}
	var session uint32
	if windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session) == nil {
		keys = slices.Insert(keys, 0, registeredKey{registry.CURRENT_USER, `Volatile Environment\` + strconv.FormatUint(uint64(session), 10)})
	}
	return keys
}

// readKey returns the texts in a key by the names of the variables. A key that
// does not exist has none.
func readKey(key registeredKey) (map[string]RegisteredValue, error) {
	values := map[string]RegisteredValue{}
	k, err := registry.OpenKey(key.root, key.path, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return values, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", key, err)
	}
	defer func() { _ = k.Close() }()
	names, err := k.ReadValueNames(-1)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", key, err)
	}
	for _, name := range names {
		text, kind, err := k.GetStringValue(name)
		if err != nil {
			continue // a number, or gone by now: no variable
		}
		if kind == registry.EXPAND_SZ {
			if expanded, err := registry.ExpandString(text); err == nil {
				text = expanded
			}
		}
		values[variableName("windows", name)] = RegisteredValue{key.String(), text}
	}
	return values, nil
}
