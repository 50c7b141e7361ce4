package model

// Netrc is one file with credentials, as the go command reads it. It holds no
// secret: only whether there is one, and whether it is another one than before.
type Netrc struct {
	File     string    // absolute path
	Envs     []EnvName // the environments whose go command reads this file
	Exists   bool
	Machines []NetrcMachine // in the order of the file, those that go ignores too
	// Default is the line of a "default" entry with a login that is not the
	// anonymous one of FTP; go ignores it. 0 if there is none.
	Default int
	Why     string // why it could not be read, one clause; "" if it was, or does not exist
}

// NetrcMachine is one machine entry.
type NetrcMachine struct {
	Name        string // as written: "host" or "host:port", with a path perhaps
	Line        int    // 1-based
	HasLogin    bool
	HasPassword bool
	// Credential is a hash of the login and the password. It is no part of a
	// capture, for who has it could guess; it is empty if one of them is missing.
	Credential Value `json:"-"`
	// Unread is set for an entry behind a line that ends with the word
	// "default", where go stops reading.
	Unread bool
}

// AuthProgram is a program that GOAUTH names in one environment.
type AuthProgram struct {
	Env  EnvName
	Name string // as written, without its arguments
	Path string // absolute; "" if the environment does not find it
	Why  string // why that is not known, one clause; "" if it is
	// Print is another one when the file is; "" if it cannot be read.
	Print string
}
