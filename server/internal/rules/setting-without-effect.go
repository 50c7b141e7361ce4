package rules

import (
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/model"
)

var settingWithoutEffect = Rule{
	ID:     "setting-without-effect",
	Family: "settings",
	Title:  "A setting that nothing reads",
	Refs: []Ref{
		{"", "a key that the Go extension never had or has no more", ""},
		{"", "a key that gopls has no more", "this setting is deprecated"},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"instead": `The Go extension has no setting {key}, so it does nothing; what you may want is {instead}.`,
		"case":    `The Go extension has no setting {key}, so it does nothing: names of settings are compared letter by letter, and this one is {instead}.`,
		"gone":    `The Go extension has no setting {key} since {since}, so it does nothing.`,
		"gopls":   `gopls has no setting {key} since {since}, so it does nothing but make gopls complain.`,
		"renamed": `gopls has no setting {key} since {since}, so it does nothing but make gopls complain; {instead} took its place.`,
	},
	Doc: Doc{
		Symptom: "A setting was copied from a guide, and nothing changes. VS Code shows its name in grey.",
		Cause:   "VS Code takes every key and says nothing of those that no extension reads. Guides mix the settings of editors (`go.goplsPath` is one of coc-go, for Vim), guess names, or are older than the extension. gopls keeps a list of the names that it has dropped, and complains of them when it starts.",
		Cure:    "Remove the key, or write what the message names.",
		Undo:    "Put the key back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		if s.Extension == nil {
			return nil
		}
		for _, set := range s.Settings {
			key, instead, since := "", "", ""
			name, ofGopls := strings.CutPrefix(set.Key, "gopls.")
			if ofGopls {
				name = name[strings.LastIndexByte(name, '.')+1:]
				gone, known := goplsGone[name]
				if !known || len(s.Gopls) > 0 && semver.Compare(s.Gopls[0].Version, gone.since) < 0 {
					continue
				}
				if key, since = "gopls", gone.since; gone.instead != "" {
					key, instead = "renamed", gone.instead
				}
			} else if instead = extensionNever[set.Key]; instead != "" {
				key = "instead"
			} else if slices.Contains(extensionGone, set.Key) && semver.Compare("v"+s.Extension.Version, "v0.40.0") >= 0 {
				key, since = "gone", "its version 0.40"
			} else if instead = extensionSpelling(set.Key); instead != "" {
				key = "case"
			} else {
				continue
			}
			found = append(found, model.Finding{
				Subject: set.Key, Message: key, Location: lineOf(set.File, set.Line),
				Args: values("key", strings.TrimPrefix(set.Key, "gopls."), "instead", instead, "since", since),
			})
		}
		return found
	},
}

// extensionNever are keys that guides name and the Go extension never had, with
// what does it.
var extensionNever = map[string]string{
	"go.goplsPath":   `go.alternateTools with the member “gopls”`,
	"go.goPathGopls": `go.alternateTools with the member “gopls”`,
	"go.env":         `go.toolsEnvVars`,
	"go.envVars":     `go.toolsEnvVars`,
	"go.environment": `go.toolsEnvVars`,
	"go.goproxy":     `go.toolsEnvVars with the member “GOPROXY”`,
	"go.proxy":       `go.toolsEnvVars with the member “GOPROXY”`,
	"go.goprivate":   `go.toolsEnvVars with the member “GOPRIVATE”`,
	"go.goflags":     `go.toolsEnvVars with the member “GOFLAGS”`,
	"go.gosumdb":     `go.toolsEnvVars with the member “GOSUMDB”`,
	"go.testEnv":     `go.testEnvVars`,
}

// extensionGone are the keys that the Go extension dropped with its version
// 0.40 or earlier. Source: its package.json at every release tag.
var extensionGone = []string{
	"go.autocompleteUnimportedPackages", "go.docsTool", "go.gocodeAutoBuild", "go.gocodeFlags", "go.gocodePackageLookupMode",
	"go.gotoSymbol.includeGoroot", "go.gotoSymbol.includeImports", "go.languageServerExperimentalFeatures", "go.liveErrors",
	"go.overwriteGoplsMiddleware", "go.useCodeSnippetsOnFunctionSuggest", "go.useCodeSnippetsOnFunctionSuggestWithoutType",
	"go.useGoProxyToCheckForToolUpdates",
}

// extensionKeys are the keys that decide environments and which programs run.
var extensionKeys = []string{
	"go.alternateTools", "go.buildFlags", "go.buildTags", "go.gopath", "go.goroot", "go.inferGopath", "go.languageServerFlags",
	"go.terminal.activateEnvironment", "go.testEnvFile", "go.testEnvVars", "go.testFlags", "go.testTags", "go.toolsEnvVars",
	"go.toolsGopath", "go.useLanguageServer",
}

// extensionSpelling is the key that a key is but for its capitals; "" if there
// is none.
func extensionSpelling(key string) string {
	i := slices.IndexFunc(extensionKeys, func(k string) bool { return k != key && strings.EqualFold(k, key) })
	if i < 0 {
		return ""
	}
	return extensionKeys[i]
}

// goplsGone are the settings that gopls has dropped. Source: the cases of
// setOne in gopls/internal/settings (before v0.15 internal/lsp/source) at the
// release tags; what was dropped before v0.15 is told as of v0.15.
var goplsGone = map[string]struct{ since, instead string }{
	"allowImplicitNetworkAccess":     {"v0.17.0", ""},
	"allowModfileModifications":      {"v0.15.0", ""},
	"caseSensitiveCompletion":        {"v0.15.0", "matcher"},
	"disableDeepCompletion":          {"v0.15.0", "deepCompletion"},
	"disableFuzzyMatching":           {"v0.15.0", ""},
	"experimentalDiagnosticsDelay":   {"v0.15.0", "diagnosticsDelay"},
	"experimentalDisabledAnalyses":   {"v0.15.0", "analyses"},
	"experimentalPackageCacheKey":    {"v0.15.0", ""},
	"experimentalTemplateSupport":    {"v0.15.0", ""},
	"experimentalUseInvalidMetadata": {"v0.15.0", ""},
	"experimentalWatchedFileDelay":   {"v0.15.0", ""},
	"experimentalWorkspaceModule":    {"v0.15.0", ""},
	"fuzzyMatching":                  {"v0.15.0", "matcher"},
	"memoryMode":                     {"v0.15.0", ""},
	"newDiff":                        {"v0.15.0", ""},
	"noIncrementalSync":              {"v0.15.0", ""},
	"tempModfile":                    {"v0.15.0", ""},
	"wantCompletionDocumentation":    {"v0.15.0", "completionDocumentation"},
	"wantSuggestedFixes":             {"v0.15.0", ""},
	"wantUnimportedCompletions":      {"v0.15.0", "completeUnimported"},
	"watchFileChanges":               {"v0.15.0", ""},
}
