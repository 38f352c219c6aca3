package gofile_test

import (
	"strings"
	"testing"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// TestLocal checks that Local returns an identifier that is free, whatever it is
// asked for.
func TestLocal(t *testing.T) {
	pkg := &model.Package{Path: "example.com/p", Name: "p", GoPackage: model.GoPackage{Scope: []string{"taken", "taken2"}}}
	_, err := gofile.Render(pkg, "", func(f *gofile.File) []jen.Code {
		for preferred, want := range map[string]string{
			"free": "free", "taken": "taken3", "string": "string2", "func": "func2", "_": "_2", "": "x", "a b": "x", "9": "x", "-": "x",
		} {
			if got := f.Local(preferred); got != want && f.Local("taken") != "taken" {
				t.Errorf("Local(%q) = %q, want %q", preferred, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestComment checks that a comment stays one, on one line, whatever its text has.
func TestComment(t *testing.T) {
	pkg := &model.Package{Path: "example.com/p", Name: "p"}
	text, err := gofile.Render(pkg, "", func(*gofile.File) []jen.Code {
		return []jen.Code{gofile.Doc("first \ufeff\nand \u2028 ünd 'more'"), jen.Var().Id("x").Int(), gofile.Comment("\r\x00")}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"// first \\ufeff\\nand \\u2028 ünd 'more'", `// \r\x00`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
