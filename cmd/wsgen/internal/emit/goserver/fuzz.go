package goserver

import (
	"context"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// FuzzName is the name of the artifact of fuzz tests, and of the setting that
// decides about it.
const FuzzName = "fuzz"

// FuzzArtifact is the file of tests in each package whose gateways have handlers
// with data.
func FuzzArtifact() emit.Artifact { return gofile.Artifact(FuzzName, "ws_gen_test.go", fuzzFiles) }

func fuzzFiles(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.Each(ctx, a, fuzzes, func(pkg *model.Package) ([]byte, error) {
		var codecs *codecs
		return gofile.RenderBeside(pkg, func(f *gofile.File) (decls []jen.Code) {
			decls, codecs = serverFile(f, pkg)
			return decls
		}, func(f *gofile.File) []jen.Code { return fuzzTests(f, pkg, codecs) })
	})
}

// fuzzes reports whether pkg has a handler with data.
func fuzzes(pkg *model.Package) bool {
	for _, g := range pkg.Gateways {
		for _, h := range g.Handlers {
			if h.Fuzz != nil {
				return true
			}
		}
	}
	return false
}

// fuzzTests are the declarations of the file: a test of each handler with data.
// codecs has the names of the functions in ws_gen.go.
func fuzzTests(f *gofile.File, pkg *model.Package, codecs *codecs) []jen.Code {
	decls := []jen.Code{gofile.Doc("Undefined here? This file and the runtime differ in version: run wsgen again, or update the module.").
		Const().Id("_").Op("=").Add(kit(f, "FuzzV1"))}
	names := f.NewDeclarations()
	for _, gw := range pkg.Gateways {
		g := &gateway{File: f, Gateway: gw, pkg: pkg, codecs: codecs}
		for _, h := range gw.Handlers {
			if h.Fuzz != nil {
				decls = append(decls, g.fuzzTest(names.Name("Fuzz"+camel.Upper(g.Name)+camel.Upper(h.Method)), h))
			}
		}
	}
	return decls
}

// fuzzTest is the test of one handler. It reads as the gateway does, up to the
// call of the handler.
func (g *gateway) fuzzTest(name string, h *model.Handler) jen.Code {
	f, decoded := jen.Id(g.Local("f")), jen.Id(g.Local("decoded"))
	lines := append(g.decode(h), jen.Add(decoded).Call(g.decodedValue(h)))
	lines = append(append(lines, g.checks(h)...), jen.Return(jen.Nil()))
	read := jen.Func().Params(
		jen.Id(g.Local("c")).Op("*").Add(g.Runtime("Call")),
		jen.Add(decoded).Func().Params(jen.Any()),
	).Error().Block(lines...)
	return gofile.Doc(name + " feeds data of " + h.Event + " to what " + g.Name + "." + h.Method + " gets it from.").
		Func().Id(name).Params(jen.Add(f).Op("*").Add(g.Std("testing", "F"))).Block(
		kit(g.File, "Fuzz").Call(f, kit(g.File, "Fuzzed").Add(gofile.Lines("{", "}", g.fuzzed(h)...)), read))
}

// fuzzed are the fields of the description of a handler.
func (g *gateway) fuzzed(h *model.Handler) []jen.Code {
	var fields []jen.Code
	if params := g.paramNames(h); params != nil {
		fields = append(fields, field("Params", params))
	}
	back := []string{model.BackAny: "BackAny", model.BackCoded: "BackCoded", model.BackSame: "BackSame"}[h.Fuzz.Back]
	seeds := make([]jen.Code, len(h.Fuzz.Seeds))
	for i, seed := range h.Fuzz.Seeds {
		seeds[i] = literal(seed)
	}
	return append(fields, field("Back", kit(g.File, back)), field("Seeds", jen.Index().String().Values(seeds...)))
}

// decodedValue is what was decoded, as something that is encoded to the same data.
func (g *gateway) decodedValue(h *model.Handler) jen.Code {
	in := jen.Id(g.Local("in"))
	if h.Data == model.DataWhole || h.Data == model.DataNullable {
		return jen.Op("&").Add(in)
	}
	params := dataParams(h)
	fields := fieldNames(params)
	members := make([]jen.Code, len(params))
	for i, p := range params {
		members[i] = jen.Lit(p.Name).Op(":").Add(in).Dot(fields[p.Name])
	}
	return jen.Map(jen.String()).Any().Values(members...)
}

// kit is an identifier of the test kit.
func kit(f *gofile.File, name string) *jen.Statement {
	return f.Pkg(model.PackageRef{Path: model.RuntimePath + "/wstest", Name: "wstest"}, name)
}
