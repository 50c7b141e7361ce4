package rules

import (
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var foldersDisagree = Rule{
	ID:     "folders-disagree",
	Family: "settings",
	Title:  "Two folders want different environments of the one gopls",
	Refs: []Ref{
		{"", "go.toolsEnvVars differs between folders of a workspace, which share one gopls", ""},
		{"", "go.gopath differs between folders of a workspace", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"variable": `The settings of {folder} have {one}, those of {other} {two}; both folders share one gopls, which gets the values of the folder whose file is open when it starts.`,
		"gopath":   `The settings of {folder} make {one}, those of {other} {two}; the Go extension starts no gopls for folders with different GOPATHs.`,
	},
	Doc: Doc{
		Symptom: "In a workspace with several folders, errors come and go with the file that was open when gopls was started. With different GOPATHs there is no gopls at all, and one information message says so.",
		Cause:   "There is one gopls for all folders, with one environment. `go.toolsEnvVars` can be set for a folder, but the Go extension takes it from the folder of the active editor at the moment when it starts gopls.",
		Cure:    "Set what folders need differently in `build.env` of the setting `gopls`, which gopls takes folder by folder; or open the folders in windows of their own.",
		Undo:    "Put the settings back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		if s.Extension == nil || !s.Extension.UseLanguageServer {
			return nil
		}
		for i, r := range s.Rivals {
			if told(s, i) {
				continue
			}
			f := model.Finding{Subject: r.Here.Name, Environments: []model.EnvName{model.EnvTools}, Message: "variable", Origin: &r.Here.Origin, Related: []model.Origin{r.There.Origin}}
			if !r.Here.Set {
				f.Origin, f.Related = &r.There.Origin, nil
			}
			if r.Here.Origin.Layer == model.LayerGopathSetting || r.There.Origin.Layer == model.LayerGopathSetting {
				f.Message = "gopath"
			}
			// Told in the same words for both folders.
			one, two, folder, other := assignment(r.Here), assignment(r.There), s.Dir, r.Folder
			if other < folder {
				one, two, folder, other = two, one, other, folder
				if r.Here.Set && r.There.Set {
					f.Origin, f.Related = &r.There.Origin, []model.Origin{r.Here.Origin}
				}
			}
			f.Args = map[string]model.Value{"one": one, "two": two, "folder": model.NewValue(folder), "other": model.NewValue(other)}
			found = append(found, f)
		}
		return found
	},
}

// told reports whether other folders with the same two values tell of them: the
// first folder of each side does.
func told(s *model.Snapshot, i int) bool {
	r := s.Rivals[i]
	if slices.ContainsFunc(s.Rivals[:i], func(q model.Rival) bool {
		return q.Here.Name == r.Here.Name && q.There.Value == r.There.Value && q.There.Set == r.There.Set
	}) {
		return true
	}
	before := s.Folders[:max(slices.Index(s.Folders, s.Dir), 0)]
	return slices.ContainsFunc(before, func(folder string) bool {
		return !slices.ContainsFunc(s.Rivals, func(q model.Rival) bool { return q.Here.Name == r.Here.Name && q.Folder == folder })
	})
}
