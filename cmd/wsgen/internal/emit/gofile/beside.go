package gofile

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// RenderBeside is Render for a file that uses what another file of pkg declares.
// first builds the other one, as for Render, so that build may know the names in
// it. The names of this file keep clear of those.
func RenderBeside(pkg *model.Package, first, build func(*File) []jen.Code) ([]byte, error) {
	other := newFile(pkg)
	first(other)
	if other.assign() {
		first(other)
	}
	f := newFile(pkg)
	f.take(other.declared...)
	return render(f, nil, build)
}
