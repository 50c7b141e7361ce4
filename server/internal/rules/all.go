package rules

// all is the table of rules, ordered by id. Generated from the files of this
// package by "go run ./server/cmd/generate"; a test fails when it is stale.
var all = []*Rule{
	&brokenConfiguration,
	&envDrift,
	&goplsGoMismatch,
	&goplsStaleEnv,
	&goproxyInvalidEntry,
	&goproxyNoEntries,
	&maskedVariable,
	&privatePatternNeverMatches,
}
