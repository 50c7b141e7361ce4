package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// writeCapture writes a snapshot, redacted, to a file that only its user may
// read; one that is there is replaced.
func (a *app) writeCapture(s *model.Snapshot, name string) error {
	data, err := report.Capture(s, report.BuildVersion().Version)
	if err != nil {
		return undecided{err}
	}
	return a.writeFile("--capture", name, data)
}

func (a *app) writeFile(flag, name string, data []byte) error {
	file := a.absolute(name)
	err := a.world.Files.CreatePrivate(file, data)
	if errors.Is(err, fs.ErrExist) {
		var before []byte
		if before, err = a.world.Files.ReadFile(file); err == nil {
			err = a.world.Files.ReplaceFile(file, before, data)
		}
	}
	if err != nil {
		return undecided{fmt.Errorf("%s: %w", flag, err)}
	}
	return nil
}

func (a *app) readCapture(name string) (*model.Snapshot, error) {
	data, err := a.world.Files.ReadFile(a.absolute(name))
	if err != nil {
		return nil, fmt.Errorf("the capture: %w", err)
	}
	s, err := report.ReadCapture(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func (a *app) baseline(name string) (report.Baseline, error) {
	data, err := a.world.Files.ReadFile(a.absolute(name))
	if err != nil {
		return report.Baseline{}, fmt.Errorf("--new-since: %w", err)
	}
	b, err := report.ReadBaseline(data)
	if err != nil {
		return b, fmt.Errorf("--new-since %s: %w", name, err)
	}
	return b, nil
}
