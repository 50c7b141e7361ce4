package model

// Said is one thing that was said: an error of a network-free "go list" that we
// ran for its facts, a problem that gopls shows, a line of a log that the user
// gave us, or the answer of a server that the user let us probe.
type Said struct {
	Env      EnvName   // whose environment it was said in
	Command  string    // what was run, for people, without values; "gopls", "log" or "probe" for the others
	Location *Location // where it points to; nil if it does not say
	Package  string    // the import path it is about; "" if none
	Text     Value     // verbatim
	Messages []Message // what package trace recognised in Text, in its order
}

// Message is one line of the catalogue of verbatim texts, recognised.
type Message struct {
	Refs []string // catalogue ids that print this, the likeliest first; never empty
	// Args are the parts of the text that differ: "url", "host", "module" (a
	// path), "version", "package", "file", "line", "variable", "value", "go",
	// "status", …
	Args map[string]Value
	Text Value // the line, or lines, that were recognised, verbatim
}
