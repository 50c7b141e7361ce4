package trace_test

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

func BenchmarkRead(b *testing.B) {
	for name, line := range map[string]string{
		"positions": "2026/11/23 16:44:35 main.go:12:3: example.com/lib@v1.0.0: something that is not known: at all\n",
		"ordinary":  "ok  \texample.com/some/package/of/mine\t0.012s\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(line, 10000)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := trace.Read(strings.NewReader(text), func(model.Message) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
