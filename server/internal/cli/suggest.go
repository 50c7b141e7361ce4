package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError adds a suggestion to an unknown flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())
}

// oneOf returns an error unless value is one of the allowed ones.
func oneOf(what, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	if near := nearest(value, allowed); near != "" {
		return fmt.Errorf("%s cannot be %q; did you mean %s?", what, value, near)
	}
	return fmt.Errorf("%s cannot be %q; it is one of %s", what, value, strings.Join(allowed, ", "))
}

// nearest returns the name that s may have been meant to be, or "".
func nearest(s string, names []string) string {
	best, limit := "", 2*max(2, len(s)/3)
	for _, name := range names {
		d := 2 * distance(strings.ToLower(s), strings.ToLower(name))
		if strings.HasPrefix(name, s) && s != "" {
			d = min(d, 3) // an abbreviation: next to a single slip
		}
		if d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
