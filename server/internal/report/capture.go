package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gophantom/gophantom/server/internal/model"
)

// CaptureSchema identifies the format of captures. A field of the snapshot is
// its Go name; when one changes its meaning, the number goes up.
const CaptureSchema = "gophantom.capture/1"

// capture is a snapshot as a file: all that rules look at, so that they find
// the same on every machine.
type capture struct {
	Schema    string          `json:"schema"`
	Gophantom string          `json:"gophantom"` // the version that wrote it
	Snapshot  *model.Snapshot `json:"snapshot"`
}

// Capture encodes a snapshot. Every credential in it is replaced by its
// pseudonym, which tells no more than whether two of them are equal; the texts
// of unsaved documents, which no rule reads, are left out.
func Capture(s *model.Snapshot, version string) ([]byte, error) {
	data, err := json.Marshal(
		capture{CaptureSchema, version, Redacted(s)},
		json.WithMarshalers(json.MarshalFunc(func(v model.Value) ([]byte, error) { return jsontext.AppendQuote(nil, v.Reveal()) })),
		json.Deterministic(true), json.FormatNilSliceAsNull(true), json.FormatNilMapAsNull(true), jsontext.AllowInvalidUTF8(true), jsontext.WithIndent(" "),
	)
	if err != nil {
		return nil, fmt.Errorf("the capture could not be written: %w", err)
	}
	return append(data, '\n'), nil
}

// ReadCapture decodes what Capture wrote, alone or in what carries it: a document
// of RecordMarkdown, or an EnvironmentReport as JSON or HTML.
func ReadCapture(data []byte) (*model.Snapshot, error) {
	type document struct {
		Schema  string         `json:"schema"`
		Capture jsontext.Value `json:"capture"`
	}
	var head document
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		var page struct {
			Document document `json:"document"`
		}
		err = json.Unmarshal(drawnFrom(data), &page)
		head = page.Document
	} else {
		data = embedded(data)
		err = json.Unmarshal(data, &head)
	}
	if err != nil {
		return nil, captureError(err)
	}
	if strings.HasPrefix(head.Schema, "gophantom.environment-report/") {
		if data = head.Capture; head.Capture.Kind() != '{' {
			return nil, errors.New(`this report does not carry what was looked at: an older gophantom wrote it, or it was too much; "gophantom check --capture FILE" on the same machine writes it`)
		}
		head = document{}
		if err := json.Unmarshal(data, &head); err != nil {
			return nil, captureError(err)
		}
	}
	switch {
	case head.Schema == CaptureSchema:
	case strings.HasPrefix(head.Schema, "gophantom.capture/"):
		return nil, fmt.Errorf("this is a capture of the format %s, and this gophantom reads %s: take a newer gophantom", head.Schema, CaptureSchema)
	default:
		return nil, errors.New(`this is no capture; "gophantom check --capture FILE" writes one`)
	}
	var c capture
	err = json.Unmarshal(data, &c, json.RejectUnknownMembers(true), jsontext.AllowInvalidUTF8(true),
		json.WithUnmarshalers(json.UnmarshalFunc(func(quoted []byte, v *model.Value) error {
			text, err := jsontext.AppendUnquote(nil, quoted)
			*v = model.NewValue(string(text))
			return err
		})))
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return nil, fmt.Errorf("this capture was written by a newer gophantom (%s): take that one to replay it", Show(model.NewValue(c.Gophantom)))
	case err != nil:
		return nil, captureError(err)
	case c.Snapshot == nil:
		return nil, errors.New("this capture holds no snapshot")
	}
	return c.Snapshot, nil
}

// embedded is the capture in a document of RecordMarkdown, the last of what looks
// like one; other data comes back as it is.
func embedded(data []byte) []byte {
	begin := []byte("\n" + recordFence + "json\n")
	document := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	at := bytes.LastIndex(document, begin)
	if at < 0 {
		return data
	}
	inner, _, _ := bytes.Cut(document[at+len(begin):], []byte("\n"+recordFence))
	return inner
}

// drawnFrom is what the script of a page draws from, as JSON; "" if the page breaks
// off before.
func drawnFrom(page []byte) []byte {
	_, data, _ := bytes.Cut(page, []byte(`type="application/json">`))
	data, _, _ = bytes.Cut(data, []byte("</script>"))
	return data
}

// captureError says what is wrong with a file without quoting it.
func captureError(err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("this capture breaks off: the file is not complete")
	case errors.As(err, &syntax):
		return fmt.Errorf("this is no capture: no JSON at byte %d", syntax.ByteOffset)
	case errors.As(err, &semantic):
		return fmt.Errorf("this is no capture that can be read: a value of the wrong type at %s", Show(model.NewValue(string(semantic.JSONPointer))))
	}
	return errors.New("this is no capture")
}

// Redacted returns a copy of a snapshot in which every credential is replaced
// by its pseudonym. Nothing is escaped or cut, so that rules see what they
// would have seen.
func Redacted(s *model.Snapshot) *model.Snapshot {
	out := Rewrite(s, Conceal)
	out.Overlays = nil
	return out
}

// Rewrite returns a copy of a snapshot with every text in it rewritten. name is
// the variable or setting that a text is the value of; "" for other texts.
func Rewrite(s *model.Snapshot, text func(name, text string) string) *model.Snapshot {
	out := rewriter(text).copy(reflect.ValueOf(s), "")
	return out.Interface().(*model.Snapshot)
}

type rewriter func(name, text string) string

var (
	valueType      = reflect.TypeFor[model.Value]()
	assignmentType = reflect.TypeFor[model.Assignment]()
)

// copy copies a value deeply. name is the variable that it belongs to.
func (r rewriter) copy(v reflect.Value, name string) reflect.Value {
	if v.Type() == valueType {
		return reflect.ValueOf(model.NewValue(r(name, v.Interface().(model.Value).Reveal())))
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(r.copy(v.Elem(), name))
		}
	case reflect.Struct:
		out.Set(v) // what is not exported, as in time.Time
		for _, of := range []string{"Name", "Key"} {
			if f := v.FieldByName(of); f.IsValid() && f.Kind() == reflect.String && f.Type() == reflect.TypeFor[string]() {
				name = f.String()
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(r.copy(v.Field(i), name))
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(r.copy(v.Index(i), name))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for at := v.MapRange(); at.Next(); {
				of := name
				if v.Type().Elem() == assignmentType {
					of = at.Key().String()
				}
				out.SetMapIndex(r.copy(at.Key(), ""), r.copy(at.Value(), of))
			}
		}
	case reflect.String:
		out.SetString(r("", v.String()))
	default:
		out.Set(v)
	}
	return out
}

// Conceal hides the credentials of a text and leaves the rest as it is. name is the
// variable that it is the value of; "" if it is of none.
func Conceal(name, s string) string {
	if name == "" && len(s) <= harmlessLimit && harmless.MatchString(s) {
		return s
	}
	// Redaction knows texts without control characters, which could end a
	// credential too early.
	s = veil(s)
	for range 8 {
		next := redact(redactNamed(name, s))
		if next == s {
			return unveil(s)
		}
		s = next
	}
	return pseudonym(s)
}

// veiled is where the control characters go, at the end of what Unicode leaves
// to private use.
const veiled = 0x10F700

func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }

func veil(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b bytes.Buffer
	for i, r := range s {
		switch {
		case isControl(r):
			b.WriteRune(veiled + r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b.WriteByte(s[i])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unveil(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= veiled && r <= veiled+0x7f }) < 0 {
		return s
	}
	var b bytes.Buffer
	for i, r := range s {
		switch {
		case r >= veiled && isControl(r-veiled):
			b.WriteRune(r - veiled)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b.WriteByte(s[i])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
