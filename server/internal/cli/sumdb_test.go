package cli

import (
	"regexp"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestExampleKeyIsOne: who tries the example of the help must not be told that
// its key is none.
func TestExampleKeyIsOne(t *testing.T) {
	example := (&app{}).sumdbCommand().Example
	key := regexp.MustCompile(`sum\.corp\.example\+\S+`).FindString(example)
	if _, err := note.NewVerifier(key); err != nil {
		t.Errorf("%q: %v", key, err)
	}
}
