package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPromises(t *testing.T) {
	document := filepath.Join(t.TempDir(), "guarantees.md")
	text := "Text that names `a.TestText` promises nothing.\n\n| what | test |\n|---|---|\n| it holds | `a.TestOne/in part`, `a/b.FuzzTwo` |\n"
	if err := os.WriteFile(document, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := `{"Action":"pass","Package":"example.com/x/a","Test":"TestOne/in_part"}`, `{"Action":"pass","Package":"example.com/x/a/b","Test":"FuzzTwo"}`
	other, skipped := `{"Action":"pass","Package":"example.com/x/b","Test":"FuzzTwo"}`, `{"Action":"skip","Package":"example.com/x/a/b","Test":"FuzzTwo"}`
	for _, c := range []struct {
		name  string
		lines []string
		ok    bool
		says  string
	}{
		{"all passed", []string{one, two}, true, "2 passed, 0 failed"},
		{"one did not run", []string{one}, false, "guarantees.md:5: a/b.FuzzTwo did not run and pass\n"},
		{"one of another package", []string{one, other}, false, "a/b.FuzzTwo did not run"},
		{"one was skipped", []string{one, skipped}, false, "a/b.FuzzTwo did not run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := promising(t, document, append(c.lines, `{"Action":"pass","Package":"example.com/x/a"}`, `{"Action":"pass","Package":"example.com/x/b"}`, `{"Action":"pass","Package":"example.com/x/a/b"}`)...)
			if ok != c.ok {
				t.Errorf("ok %v:\n%s", ok, got)
			}
			contains(t, got, c.says)
		})
	}
}
