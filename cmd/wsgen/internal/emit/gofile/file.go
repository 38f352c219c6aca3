// Package gofile is what the Go outputs share: one generated file, the names
// it may use, and types as it writes them.
//
// jennifer keeps imports apart from each other but knows neither the package's
// own identifiers nor a function's locals, so names are assigned here.
package gofile

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// File is a Go file in the making. It is valid during the call of the function
// that Render was given.
type File struct {
	pkg     *model.Package
	used    map[string]string // import path → package name, as code asks for it
	imports map[string]string // import path → name in this file; nil in the first pass
	taken   map[string]bool   // names that no local may have
	tests   map[string]bool   // names that no declaration may have besides
	given   map[string]bool   // names that locals and declarations got in the first pass

	declared []string // names of its declarations that it was asked for
}

// Artifact returns an artifact of Go files, one in each package that needs one.
// emitter makes each of them with Render.
func Artifact(name, file string, emitter emit.Emitter) emit.Artifact {
	return emit.Artifact{Name: name, Scope: emit.PerPackage, File: file, Header: mark.Go, Format: format.Source, Emit: emitter}
}

// Render makes a file of pkg, yet to be formatted, from its declarations, which
// a blank line separates. constraint is a build constraint such as "wireinject", or "".
//
// A local's name depends on which packages the file imports, and only the code
// tells that. So build runs once as if every import could have its package's
// own name, and again if that turns out wrong. It must not depend on anything
// but its argument.
func Render(pkg *model.Package, constraint string, build func(*File) []jen.Code) ([]byte, error) {
	var above *jen.Statement
	if constraint != "" {
		above = comment("//go:build " + constraint).Line().Line()
	}
	return render(newFile(pkg), above, build)
}

// RenderDocumented is Render for a file that has the comment of its package, by lines.
func RenderDocumented(pkg *model.Package, doc []string, build func(*File) []jen.Code) ([]byte, error) {
	return render(newFile(pkg), Doc(doc...), build)
}

// render is Render for a file in the making. above stands in front of the package
// clause; nil is nothing.
func render(f *File, above *jen.Statement, build func(*File) []jen.Code) ([]byte, error) {
	pkg := f.pkg
	decls := build(f)
	if f.assign() {
		decls = build(f)
	}

	src := comment(string(mark.Go)).Line().Line()
	if above != nil {
		src.Add(above)
	}
	src.Id("package").Id(pkg.Name).Line().Line()
	if len(f.imports) > 0 {
		src.Add(f.importDecl()).Line().Line()
	}
	for i, d := range decls {
		if i > 0 {
			src.Line().Line()
		}
		src.Add(d)
	}
	src.Line()

	// To render a Statement always formats it, which is most of the work and may
	// not be needed. A File can be rendered without that, but begins with a package
	// clause of its own, which is cut off.
	file := jen.NewFile(pkg.Name)
	file.NoFormat = true
	file.Add(src)
	var out bytes.Buffer
	if err := file.Render(&out); err != nil {
		return nil, fmt.Errorf("cannot write package %s: %w", pkg.Path, err)
	}
	return bytes.TrimPrefix(out.Bytes(), []byte("package "+pkg.Name+"\n\n")), nil
}

// Doc is a comment with these lines, which need no leading slashes.
func Doc(lines ...string) *jen.Statement {
	s := &jen.Statement{}
	for _, l := range lines {
		s.Add(comment("// " + l)).Line()
	}
	return s
}

// Comment is a comment behind something on the same line.
func Comment(text string) *jen.Statement { return comment("// " + text) }

// comment renders text on one line: jennifer leaves alone what starts with
// slashes. It escapes unprintable characters as in a string: a line end would
// end the comment, and Go takes no byte order mark there.
func comment(text string) *jen.Statement {
	var b strings.Builder
	for _, c := range text {
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return jen.Comment(b.String())
}

// Lines is a list that stands one item a line between open and close, such as
// the fields of a composite literal.
func Lines(open, closing string, items ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: open, Close: closing, Separator: ",", Multi: true}, items...)
}

// OneLine is a body or a struct type that stays on the line it begins on.
func OneLine(item jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}"}, item)
}

// Pkg is the identifier name of package ref, qualified as this file needs it.
func (f *File) Pkg(ref model.PackageRef, name string) *jen.Statement {
	if ref.Path == "" || ref.Path == f.pkg.Path {
		return jen.Id(name)
	}
	f.used[ref.Path] = ref.Name
	if f.imports == nil {
		return jen.Id(ref.Name).Dot(name)
	}
	return jen.Id(f.imports[ref.Path]).Dot(name)
}

// Runtime is an identifier of the runtime.
func (f *File) Runtime(name string) *jen.Statement {
	return f.Pkg(model.PackageRef{Path: model.RuntimePath, Name: model.RuntimeName}, name)
}

// JSON is an identifier of the package that generated code reads and writes JSON
// with.
func (f *File) JSON(name string) *jen.Statement {
	return f.Pkg(model.PackageRef{Path: model.RuntimePath + "/wsjson", Name: "wsjson"}, name)
}

// Std is an identifier of a package of the standard library whose name is the
// last element of its path.
func (f *File) Std(path, name string) *jen.Statement {
	return f.Pkg(model.PackageRef{Path: path, Name: base(path)}, name)
}

func (f *File) importDecl() *jen.Statement {
	paths := sortedKeys(f.imports)
	local := func(path string) bool { return !isStd(path) }
	std := slices.DeleteFunc(slices.Clone(paths), local)
	other := slices.DeleteFunc(slices.Clone(paths), isStd)

	var specs []jen.Code
	for _, p := range std {
		specs = append(specs, f.importSpec(p))
	}
	if len(std) > 0 && len(other) > 0 {
		specs = append(specs, jen.Empty())
	}
	for _, p := range other {
		specs = append(specs, f.importSpec(p))
	}
	if len(specs) == 1 {
		return jen.Id("import").Add(specs[0])
	}
	return jen.Id("import").Custom(jen.Options{Open: "(", Close: ")", Multi: true}, specs...)
}

func (f *File) importSpec(path string) jen.Code {
	name := f.imports[path]
	if name == base(path) && name == f.used[path] {
		return jen.Lit(path)
	}
	return jen.Id(name).Lit(path)
}
