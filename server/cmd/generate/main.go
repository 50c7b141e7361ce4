// Command generate writes the files of this repository that are derived from
// others. Run it at the repository root:
//
//	go run ./server/cmd/generate          write what is stale
//	go run ./server/cmd/generate -check   change nothing, fail if anything is stale
//
// A new kind of generated file is one more entry in targets.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// target is one generated file.
type target struct {
	file    string                            // path from the repository root, with slashes
	content func(root string) ([]byte, error) // computes the file; root is the repository root
}

// targets lists every generated file of the repository.
var targets = append(ruleTargets(), target{"extension/src/protocol.gen.ts", protocolTypeScript})

// regenerate is the command that people are told to run.
const regenerate = "go run ./server/cmd/generate"

func main() {
	check := flag.Bool("check", false, "fail when a generated file is stale instead of writing it")
	root := flag.String("root", ".", "the repository root")
	flag.Parse()
	if err := run(*root, targets, *check, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run brings every target below root up to date and names the files it wrote
// on out. With check it writes nothing and returns one error for each stale
// file, joined.
func run(root string, targets []target, check bool, out io.Writer) error {
	var stale []error
	for _, t := range targets {
		want, err := t.content(root)
		if err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
		file := filepath.Join(root, filepath.FromSlash(t.file))
		have, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		switch {
		case err == nil && bytes.Equal(have, want):
		case check:
			stale = append(stale, fmt.Errorf("%s is stale: run %q and commit the result", t.file, regenerate))
		default:
			if err := os.WriteFile(file, want, 0o644); err != nil {
				return err
			}
			fmt.Fprintln(out, "wrote", t.file)
		}
	}
	return errors.Join(stale...)
}
