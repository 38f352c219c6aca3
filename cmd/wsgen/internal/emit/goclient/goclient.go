// Package goclient writes ws_client_gen.go: a Go package with a client for each
// gateway, and copies of the types that travel. It imports nothing of the program's.
package goclient

import (
	"context"
	"go/format"
	"path/filepath"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Name is that of the setting which asks for such a file.
const Name = "client.go"

// File is the base name of the file. The user chooses the folder.
const File = "ws_client_gen.go"

// Artifact is the row of this output.
func Artifact() emit.Artifact {
	return emit.Artifact{Name: Name, Scope: emit.PerApp, Header: mark.Go, Format: format.Source, Emit: write}
}

// Known is a row that makes no file. By it those of earlier runs are known, wherever
// they stand, so that they are not read as source, and are removed when nothing asks
// for them any more.
func Known() emit.Artifact {
	return emit.Artifact{
		Name: Name, Scope: emit.PerPackage, File: File, Header: mark.Go,
		Emit: func(context.Context, *emit.Run, emit.Artifact) ([]emit.File, error) { return nil, nil },
	}
}

func write(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.ForApp(ctx, a, func(c *model.Contract) ([]byte, error) {
		folder := filepath.Dir(a.File)
		names := newNames(c)
		pkg := &model.Package{
			Path: filepath.ToSlash(folder), Name: camel.Package(filepath.Base(folder)),
			GoPackage: model.GoPackage{Scope: names.scope()},
		}
		return gofile.RenderDocumented(pkg, about(c, pkg.Name), func(f *gofile.File) []jen.Code {
			w := &writer{File: f, names: names, contract: c, pkg: pkg.Name}
			return w.file()
		})
	})
}

// about is the comment of the package.
func about(c *model.Contract, name string) []string {
	of := c.App.Path
	if of == "" {
		of = c.Title
	}
	return paragraphs([]string{"Package " + name + " speaks to the gateways of " + of + "."}, c.Doc)
}

// writer writes one file.
type writer struct {
	*gofile.File
	names    *names
	contract *model.Contract
	pkg      string // its name
}

// client is an identifier of the part that all clients have in common.
func (w *writer) client(name string) *jen.Statement {
	return w.Pkg(model.PackageRef{Path: model.RuntimePath + "/client", Name: "wsclient"}, name)
}

func (w *writer) file() []jen.Code {
	decls := []jen.Code{
		gofile.Doc("Undefined here? This file and the runtime differ in version: run wsgen again, or update the module.").
			Const().Id("_").Op("=").Add(w.client("GeneratedV1")),
	}
	for _, def := range w.contract.Defs {
		decls = append(decls, w.declaration(def)...)
	}
	for i, code := range w.contract.Codes {
		if name := w.names.codes[i]; name != "" {
			_, old, _ := strings.Cut(code.Go, ".")
			decls = append(decls, gofile.Doc(doc(name+" is a refusal of the application's own.", renamed(code.Doc, old, name))...).
				Const().Id(name).Add(w.Runtime("Code")).Op("=").Lit(code.Code))
		}
	}
	wildcards, rest := false, false
	for _, g := range w.contract.Gateways {
		decls = append(decls, w.gateway(g)...)
		for _, s := range g.Path {
			wildcards, rest = wildcards || s.Wildcard != "", rest || s.Rest
		}
	}
	if wildcards {
		decls = append(decls, w.escapeOne())
	}
	if rest {
		decls = append(decls, w.escapeRest())
	}
	return decls
}
