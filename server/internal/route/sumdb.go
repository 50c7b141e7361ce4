package route

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// knownDatabases are the checksum databases whose key go knows by name.
var knownDatabases = map[string]string{
	"sum.golang.org": "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
}

// parseSumDB reads GOSUMDB as cmd/go/internal/modfetch.dbDial does, with its
// texts. base is the address that GOSUMDB gives; "" if the proxies are asked
// first and then the database itself.
func parseSumDB(gosumdb string) (name, base string, err error) {
	if gosumdb == "sum.golang.google.cn" {
		gosumdb = "sum.golang.org https://sum.golang.google.cn"
	}
	if gosumdb == "off" {
		return "", "", errors.New("checksum database disabled by GOSUMDB=off")
	}
	key := strings.Fields(gosumdb)
	if len(key) >= 1 {
		if k := knownDatabases[key[0]]; k != "" {
			key[0] = k
		}
	}
	if len(key) == 0 {
		return "", "", errors.New("missing GOSUMDB")
	}
	if len(key) > 2 {
		return "", "", errors.New("invalid GOSUMDB: too many fields")
	}
	verifier, err := note.NewVerifier(key[0])
	if err != nil {
		return "", "", fmt.Errorf("invalid GOSUMDB: %v", err)
	}
	name = verifier.Name()
	direct, err := url.Parse("https://" + name)
	if err != nil || strings.HasSuffix(name, "/") || *direct != (url.URL{Scheme: "https", Host: direct.Host, Path: direct.Path, RawPath: direct.RawPath}) || direct.RawPath != "" || direct.Host == "" {
		if direct == nil {
			direct = &url.URL{} // go itself crashes here
		}
		return "", "", fmt.Errorf("invalid sumdb name (must be host[/path]): %s %+v", name, *direct)
	}
	if len(key) == 2 {
		if _, err := url.Parse(key[1]); err != nil {
			return "", "", fmt.Errorf("invalid GOSUMDB URL: %v", err)
		}
		base = key[1]
	}
	return name, base, nil
}

// CheckGOSUMDB returns what go says of a GOSUMDB it cannot use, in its words;
// it says so when it needs the checksum database. "off" can be used.
func CheckGOSUMDB(value string) error {
	if value == "off" {
		return nil
	}
	_, _, err := parseSumDB(value)
	return err
}
