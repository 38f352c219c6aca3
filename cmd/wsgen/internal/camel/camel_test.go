package camel_test

import (
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
)

func TestLower(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":            "",
		"ID":          "id",
		"A":           "a",
		"AB":          "ab",
		"OrderDone":   "orderDone",
		"HTTPError":   "httpError",
		"HTTP2Server": "http2Server",
		"already":     "already",
		"ChatGateway": "chatGateway",
		"JWTGuard":    "jwtGuard",
		"V2":          "v2",
		"ABTest":      "abTest",
		"ÜberAll":     "überAll",
		"ABç":         "aBç",
		"AB中":         "aB中", // a letter of no case begins no word, but ends the capitals
		"URL_":        "url_",
	} {
		if got := camel.Lower(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestUpper(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "", "chat": "Chat", "über": "Über", "X": "X", "中": "中"} {
		if got := camel.Upper(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
