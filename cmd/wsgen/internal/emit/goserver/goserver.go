// Package goserver writes ws_gen.go: the reflection-free dispatch of every
// gateway, its constructor, typed pushes and questions, namespaces, and the application's
// router. It imports the runtime and never wire. On demand it writes
// ws_gen_test.go, too: fuzz tests of the decoders.
//
// The functions of a file stand in the order that their text has in the output.
package goserver

import (
	"context"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Artifact is the file in each package that needs one.
func Artifact() emit.Artifact { return gofile.Artifact("server", "ws_gen.go", files) }

func files(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.Each(ctx, a, needed, func(pkg *model.Package) ([]byte, error) {
		return gofile.Render(pkg, "", func(f *gofile.File) []jen.Code {
			decls, _ := serverFile(f, pkg)
			return decls
		})
	})
}

// needed is false for a package whose only directives mark types that others
// use, such as a state.
func needed(pkg *model.Package) bool {
	return len(pkg.Gateways)+len(pkg.Namespaces)+len(pkg.Pushes)+len(pkg.Asks) > 0 || pkg.App != nil
}

// serverFile are the declarations of the file, and the names of the codecs among
// them.
func serverFile(f *gofile.File, pkg *model.Package) (decls []jen.Code, codecs *codecs) {
	decls = []jen.Code{handshake(f)}
	codecs = newCodecs(f, pkg)
	if guards := driftGuards(f, pkg); guards != nil {
		decls = append(decls, guards)
	}
	for _, gateway := range pkg.Gateways {
		decls = append(decls, gatewayDecls(f, pkg, gateway, codecs)...)
	}
	for _, n := range pkg.Namespaces {
		if n.Provider.Kind == model.ProviderGenerated {
			decls = append(decls, namespace(f, pkg.Name, n))
		}
	}
	for _, p := range pkg.Pushes {
		decls = append(decls, pushDecls(f, p, codecs)...)
	}
	for _, a := range pkg.Asks {
		decls = append(decls, askDecls(f, a, codecs)...)
	}
	if pkg.App != nil {
		decls = append(decls, router(f, pkg))
	}
	return append(decls, codecs.all()...), codecs
}

func handshake(f *gofile.File) jen.Code {
	return gofile.Doc("Undefined here? This file and the runtime differ in version: run wsgen again, or update the module.").
		Const().Id("_").Op("=").Add(f.Runtime("GeneratedV3"))
}

func gatewayDecls(f *gofile.File, pkg *model.Package, gw *model.Gateway, codecs *codecs) []jen.Code {
	g := &gateway{File: f, Gateway: gw, pkg: pkg, codecs: codecs}
	decls := []jen.Code{g.endpointType(), g.constructor(), g.dispatchType(), g.lookup(), g.call()}
	if g.Connect != nil {
		decls = append(decls, g.connect())
	}
	if g.Disconnect != nil {
		decls = append(decls, g.disconnect())
	}
	return decls
}

// gateway writes one gateway into one file.
type gateway struct {
	*gofile.File
	*model.Gateway
	pkg    *model.Package
	codecs *codecs
}

// method is a call of the user's method. The gateway is a named field, not
// embedded: a user's method may be called call.
func (g *gateway) method(name string, args ...jen.Code) *jen.Statement {
	return jen.Id(g.Local("d")).Dot("gateway").Dot(name).Call(args...)
}
