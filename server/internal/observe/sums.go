package observe

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// emptyModHash is the hash of an empty go.mod. An old go wrote it into go.sum
// for what was no module, and go has skipped such lines ever since.
const emptyModHash = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="

// readSum reads a go.sum, or a go.work.sum, as the go command does
// (modfetch.readGoSum): fields between any white space, an error for every line
// that has neither three of them nor none, whatever the fields are; and hashes
// count if their algorithm is h1.
//
// Only the hashes of what is wanted, by the keys of Sum.Lines, are kept: a large
// go.sum has far more than anybody asks for.
func readSum(w *world.World, file string, wanted map[string]bool) model.Sum {
	sum := model.Sum{File: file}
	data, err := w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return sum
	}
	sum.Exists = true
	if err != nil {
		sum.Why = reason(err)
		return sum
	}
	sum.Lines = make(map[string]bool, len(data)/100)
	sum.Hashes = map[string][]model.SumHash{}
	number := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		number++
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0, len(fields) == 3 && fields[2] == emptyModHash:
			continue
		case len(fields) != 3:
			sum.Bad = append(sum.Bad, model.SumLine{Line: number, Fields: len(fields)})
			continue
		case !strings.HasPrefix(fields[2], "h1:"):
			continue
		}
		key := fields[0] + " " + fields[1]
		sum.Lines[key] = true
		if wanted[key] {
			sum.Hashes[key] = append(sum.Hashes[key], model.SumHash{Hash: strings.Clone(fields[2]), Line: number})
		}
	}
	return sum
}

// cachedSum is the hash of what a cache has downloaded of a module, or of its
// go.mod; "" if there is none to compare.
func cachedSum(w *world.World, dir string, m module.Version, mod bool) string {
	path, err1 := module.EscapePath(m.Path)
	version, err2 := module.EscapeVersion(m.Version)
	if err1 != nil || err2 != nil {
		return ""
	}
	if !mod {
		data, err := w.Files.ReadFile(downloaded(dir, path, version) + ".ziphash")
		if hash := strings.TrimSpace(string(data)); err == nil && strings.HasPrefix(hash, "h1:") {
			return hash
		}
		return ""
	}
	data, err := w.Files.ReadFile(downloaded(dir, path, version) + ".mod")
	if err != nil || strings.HasPrefix(string(data), "//vgo 0.0.") {
		return "" // go itself does not use what a prototype of it wrote
	}
	hash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	if err != nil {
		return ""
	}
	return hash
}

// mismatches compares what a cache has of m with the sums that go reads, as go
// does before it uses m or its go.mod (modfetch.haveModSumLocked). In the first
// of the sums the first line decides: go reads no further than one that is equal,
// or that differs. Of the others, which only a workspace has, every line counts.
func mismatches(w *world.World, dir string, first model.Sum, others []model.Sum, m module.Version) (out []model.Mismatch) {
	for _, mod := range []bool{false, true} {
		key := m.Path + " " + m.Version
		if mod {
			key += "/go.mod"
		}
		have, looked := "", false
		wrong := func(sum model.Sum, line model.SumHash) bool {
			if !looked {
				have, looked = cachedSum(w, dir, m, mod), true
			}
			if have == "" || line.Hash == have {
				return false
			}
			out = append(out, model.Mismatch{Path: m.Path, Version: m.Version, Mod: mod, File: sum.File, SumHash: line, Downloaded: have})
			return true
		}
		if lines := first.Hashes[key]; len(lines) > 0 {
			wrong(first, lines[0])
			continue
		}
	others:
		for _, sum := range others {
			for _, line := range sum.Hashes[key] {
				if wrong(sum, line) {
					break others
				}
			}
		}
	}
	return out
}

// besideMod is the go.sum that goes with a go.mod.
func besideMod(file string) string { return strings.TrimSuffix(file, ".mod") + ".sum" }

// wantedSums adds the keys of Sum.Lines of what m requires, after replacement by
// what the lists say.
func wantedSums(wanted map[string]bool, m model.Module, lists ...[]model.Replace) {
	replaced := replacements(lists...)
	for _, r := range m.Requires {
		if path, version, isDir := replaced.of(r.Path, r.Version); !isDir {
			wanted[path+" "+version] = true
			wanted[path+" "+version+"/go.mod"] = true
		}
	}
}

// sums reads the go.sum of every module, and the go.work.sum. Under a go.work
// each of them counts for what any module requires.
func sums(w *world.World, mods []model.Module, work *model.Work) {
	shared := map[string]bool{}
	if work != nil {
		var lists [][]model.Replace
		lists = append(lists, work.Replaces)
		for _, m := range mods {
			lists = append(lists, m.Replaces)
		}
		for _, m := range mods {
			wantedSums(shared, m, lists...)
		}
		work.Sum = readSum(w, work.File+".sum", shared)
	}
	for i, m := range mods {
		wanted := maps.Clone(shared)
		wantedSums(wanted, m, m.Replaces)
		mods[i].Sum = readSum(w, besideMod(m.File), wanted)
	}
}

// replaced finds replacements by "path version", and "path " for all versions.
type replaced map[string]model.Replace

// replacements makes an index of the lists; what an earlier one says goes first.
func replacements(lists ...[]model.Replace) replaced {
	out := replaced{}
	for _, list := range lists {
		for _, r := range list {
			if _, there := out[r.OldPath+" "+r.OldVersion]; !there {
				out[r.OldPath+" "+r.OldVersion] = r
			}
		}
	}
	return out
}

// of is what a module is replaced by, itself if by nothing; isDir means by a
// directory.
func (m replaced) of(path, version string) (newPath, newVersion string, isDir bool) {
	r, ok := m[path+" "+version]
	if !ok {
		r, ok = m[path+" "]
	}
	if !ok {
		return path, version, false
	}
	return r.NewPath, r.NewVersion, r.NewVersion == ""
}
