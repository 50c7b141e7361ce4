package model

import "time"

// EventKind says what happened.
type EventKind string

const (
	EventView     EventKind = "view"     // gopls made a view: it read its environment anew
	EventLoad     EventKind = "load"     // gopls loaded packages
	EventStart    EventKind = "start"    // gopls, or the Go extension's try to start it
	EventEnd      EventKind = "end"      // a process ended
	EventCommand  EventKind = "command"  // a go command
	EventDownload EventKind = "download" // go asked a server
	EventVCS      EventKind = "vcs"      // go ran git or another version control tool
	EventWait     EventKind = "wait"     // something has not answered yet
	EventHang     EventKind = "hang"     // something has not answered for so long that it may never
	EventError    EventKind = "error"
	EventWarning  EventKind = "warning"
	EventLog      EventKind = "log"     // an ordinary line of a log
	EventChanged  EventKind = "changed" // the world changed
	EventFound    EventKind = "found"   // a rule fires
	EventGone     EventKind = "gone"    // it does not any more
	EventVerdict  EventKind = "verdict"
	EventCured    EventKind = "cured"
	EventFailed   EventKind = "cure-failed"
	EventUndone   EventKind = "undone"
)

// Sources of events.
const (
	SourceGopls       = "gopls"
	SourceGoExtension = "go extension"
	SourceGo          = "go"
	SourceFile        = "file"
	SourceProcess     = "process"
	SourceOurs        = "gophantom"
)

// Event is one thing that happened. What logs say is text of others: it is
// shown, never run, and proves nothing.
type Event struct {
	Time    time.Time // by our clock, as far as the clocks of the sources are known
	Said    time.Time // as its source wrote it; the same as Time where the clocks agree
	Source  string    // who says so: one of the sources, or the name of a log
	Origin  string    // which of several such sources: a window, a session; "" if there is one
	Kind    EventKind
	Subject Text          // what it is about: a directory, a URL, a module, a variable, a file
	Text    Text          // what was said, verbatim but for escape sequences
	Refs    []string      // rows of the catalogue that it is, the likeliest first
	Took    time.Duration // how long it took; 0 if that is not known

	ContextID string // shared by everything of one cause; "" if not known
	Snapshot  int    // of ours; 0 if it comes from elsewhere
	View      *LoggedView
}

// Ordinary reports whether an event tells somebody who looks for a fault
// nothing as a rule.
func (e Event) Ordinary() bool {
	return e.Kind == EventLog || e.Kind == EventCommand && e.Took < SlowCommand
}

// SlowCommand is how long a go command of gopls takes to be worth telling.
const SlowCommand = 5 * time.Second

// LoggedView is what gopls says of a view it made, in its log: the only place
// where its effective environment can be read on every platform.
type LoggedView struct {
	ID         string
	Dir        string
	Type       string // such as "GoMod"
	Root       string // a directory
	GoVersion  string // such as "go1.26.8"
	BuildFlags []string
	Env        map[string]Value // the variables that gopls asks go for
	Overlay    []string
}
