package gofile_test

import (
	"go/format"
	"strings"
	"testing"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// TestRenderDoesNotFormat checks that text is formatted once: by its artifact, and
// not where it is written as well, which would be as much work again. Text that is
// no Go shows it, since nothing can format that.
func TestRenderDoesNotFormat(t *testing.T) {
	t.Parallel()
	pkg := &model.Package{Path: "example.com/p", Name: "p"}
	text, err := gofile.Render(pkg, "", func(*gofile.File) []jen.Code {
		return []jen.Code{jen.Var().Id("x").Op("=").Op(")")}
	})
	if err != nil || !strings.Contains(string(text), ")") {
		t.Errorf("it is formatted: %v\n%s", err, text)
	}
	if _, err := format.Source(text); err == nil {
		t.Errorf("this is Go:\n%s", text)
	}
	if gofile.Artifact("a", "a.go", nil).Format == nil {
		t.Error("nothing formats it")
	}
}
