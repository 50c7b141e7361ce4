package rules

import "github.com/gophantom/gophantom/server/internal/model"

// SetCheck replaces a rule's check for a test and returns what restores it.
func SetCheck(id string, check func(*model.Snapshot) []model.Finding) (restore func()) {
	r := ByID(id)
	old := r.Check
	r.Check = check
	return func() { r.Check = old }
}
