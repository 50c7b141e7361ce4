// Package worldtest builds a world from a txtar scenario, so that a test can
// say what the machine looked like and replay it in milliseconds.
//
// A scenario is a story in plain words, then sections:
//
//	-- home/PATH --      a file below /home/gopher
//	-- ws/PATH --        a file below /home/gopher/ws, the workspace
//	-- goroot/PATH --    a file below /usr/lib/go
//	-- root/PATH --      a file below /
//	-- links --          symlinks, one "/path -> target" a line
//	-- readonly --       files and directories that we may not change, one a line
//	-- env/NAME --       an environment, one KEY=VALUE a line
//	-- proc/PID --       a process, see below
//	-- exec/NAME --      a recorded command, see below
//	-- net/NAME --       a recorded answer of a server, see below
//	-- strict --         a command or request that is not recorded fails the test
//	-- goos --           the platform, such as windows; linux without it
//	-- registered --     what Windows registers for new programs, see below
//	-- said/ENV --       what "go list" said in an environment, verbatim; the caller's own
//	-- judge --          what the real go command must say of it; see package engine's tests
//	-- probed/ENV --     what a probe found in an environment, one "REF URL WHY" a line; the caller's own
//	-- facts.json --     any other name without a slash is the caller's own
//	-- want --
//
// Files in a directory named bin are executable. Unless the scenario has them,
// there are /usr/lib/go/bin/go and /usr/lib/go/VERSION (of a Go 1.26). Our
// own environment is env/self, or just HOME and PATH.
//
// A process is described by lines of a word and a value; all but ppid may be
// missing, and environ names one of the environments:
//
//	ppid 100
//	exe /home/gopher/go/bin/gopls
//	args gopls -mode=stdio
//	started 2026-01-02T03:04:05Z
//	environ gopls
//
// What Windows registers is told by lines of who set it and KEY=VALUE; system is
// what Windows makes itself at logon. PATH joins machine and user,
// with the separator of the system that the test runs on.
//
//	machine Path=/usr/bin
//	user Path=/usr/lib/go/bin
//	user GOPROXY=off
//	system USERPROFILE=/home/gopher
//
// Process 100 is the parent of our own, 200; both always exist.
//
// A recorded command is its command line, then conditions, then what it does.
// Words with spaces are quoted as in Go; "*" stands for any one argument and
// "..." for all that follow. The first word is the path, or its last element.
// Every "env" line must hold (without "=": the variable must not be set), and
// so must "dir". Of several commands that fit, the first is taken.
//
//	go list -m -json "example.com/a b"
//	env GOPROXY=off
//	env GOFLAGS
//	dir /home/gopher/ws
//	exit 1
//	stdout
//	{"Path": "example.com/a"}
//	stderr
//	go: module lookup disabled by GOPROXY=off
//
// Instead of "exit N", "hang" makes the command time out. Everything from the
// line "stdout" to the line "stderr", and from there to the end, is output.
//
// A recorded answer is the request, then lines of status (200 without it),
// header, or instead of those error or hang, and last the body. With a proxy
// line only a request through that HTTP proxy fits. A server that is not
// recorded does not exist.
//
//	GET https://proxy.example/example.com/a/@v/list
//	status 403
//	header Content-Type: text/plain
//	body
//	not for you
//
// A shell that is asked for its environment, and for which nothing else is
// recorded, answers with env/shell.
package worldtest
