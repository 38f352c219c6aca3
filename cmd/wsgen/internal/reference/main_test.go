package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// TestFresh checks that the documentation is what the tables say. make generate
// renews it.
func TestFresh(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	files, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not fresh: run make generate", name)
		}
	}
}

func TestForm(t *testing.T) {
	for name, want := range map[string]string{
		"connect":   "//ws:connect",
		"guard":     "//ws:guard Guard...",
		"app":       "//ws:app [folder...]",
		"push":      "//ws:push [namespace=…]",
		"subscribe": "//ws:subscribe (event | const=…) [mode=inline|serial|parallel]",
	} {
		spec, ok := directive.Lookup(name)
		if got := form(spec); !ok || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestListNeedsItsPlace(t *testing.T) {
	if _, err := listed(".", "# no markers\n"); err == nil || !strings.Contains(err.Error(), "begin wsgen list") {
		t.Errorf("%v", err)
	}
}
