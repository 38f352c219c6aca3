package gofile_test

import (
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
)

func TestLowerCamel(t *testing.T) {
	for name, want := range map[string]string{
		"ChatGateway": "chatGateway",
		"Authn":       "authn",
		"JWTGuard":    "jwtGuard",
		"ID":          "id",
		"V2":          "v2",
		"A":           "a",
		"ABTest":      "abTest",
		"already":     "already",
		"Äpfel":       "äpfel",
	} {
		if got := gofile.LowerCamel(name); got != want {
			t.Errorf("LowerCamel(%q) = %q, want %q", name, got, want)
		}
	}
}
