package report

import _ "embed"

// JSONSchema describes every JSON output (JSON Schema, draft 2020-12).
//
//go:embed schema.json
var JSONSchema []byte
