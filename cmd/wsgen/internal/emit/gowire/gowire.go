// Package gowire writes ws_wire_gen.go: the provider set of each annotated
// package, for google/wire. The file has the build constraint wireinject, so
// wire is never linked into a program.
//
// It never writes two things that wire v0.7.0 cannot take: generic functions as
// providers, and wire.Struct of a generic type, which crashes wire.
package gowire

import (
	"context"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Name is that of the artifact, and of the setting that decides about it.
const Name = "wire"

// WirePath is the import path of wire.
const WirePath = "github.com/google/wire"

// Artifact is the file in each package that provides something.
func Artifact() emit.Artifact { return gofile.Artifact(Name, "ws_wire_gen.go", files) }

func files(ctx context.Context, run *emit.Run, a emit.Artifact) ([]emit.File, error) {
	return run.Each(ctx, a, needed, func(pkg *model.Package) ([]byte, error) {
		return gofile.Render(pkg, "wireinject", func(f *gofile.File) []jen.Code {
			return []jen.Code{set(f, pkg)}
		})
	})
}

// needed reports whether pkg provides something. It must agree with the packages
// whose sets resolve joins in an application's set.
func needed(pkg *model.Package) bool {
	return len(pkg.Gateways)+len(pkg.Guards)+len(pkg.Namespaces)+len(pkg.Pushes)+len(pkg.Asks) > 0 || pkg.App != nil
}

func set(f *gofile.File, pkg *model.Package) jen.Code {
	doc := "WireSet provides this package's endpoints, gateways, guards and pushes."
	items := packageItems(f, pkg)
	if pkg.App != nil {
		doc = "WireSet provides the router and everything wsgen knows how to make."
		items = append(appSets(f, pkg.App), items...)
		items = append(items, appItems(f, pkg.App)...)
	}
	return gofile.Doc(doc).Var().Id("WireSet").Op("=").Add(wire(f, "NewSet")).Add(gofile.Lines("(", ")", items...))
}

// packageItems are what the package declares itself: wire refuses a provider
// that it reaches over two paths.
func packageItems(f *gofile.File, pkg *model.Package) []jen.Code {
	own := model.PackageRef{Path: pkg.Path, Name: pkg.Name}
	var items []jen.Code
	for _, g := range pkg.Gateways {
		items = append(items, jen.Id("New"+gofile.EndpointType(g.Name)))
		items = append(items, provider(f, g.Provider, own, g.Name)...)
	}
	for _, g := range pkg.Guards {
		items = append(items, provider(f, g.Provider, own, g.Name)...)
	}
	for _, n := range pkg.Namespaces {
		items = append(items, provider(f, n.Provider, own, n.Name)...)
	}
	for _, p := range pkg.Pushes {
		items = append(items, jen.Id("New"+p.Name+"Push"), jen.Id("New"+p.Name))
		if p.Presence() != nil {
			items = append(items, jen.Id("New"+p.Name+"Presence"))
		}
	}
	for _, a := range pkg.Asks {
		items = append(items, jen.Id("New"+a.Name+"Ask"))
	}
	return items
}

func appSets(f *gofile.File, app *model.App) []jen.Code {
	items := make([]jen.Code, len(app.Sets))
	for i, set := range app.Sets {
		items[i] = f.Pkg(set, "WireSet")
	}
	return items
}

// appItems are what belongs to no annotated package, joined once.
func appItems(f *gofile.File, app *model.App) []jen.Code {
	var items []jen.Code
	for _, ref := range app.Foreign {
		if len(ref.Decl.Args) > 0 && ref.Provider.Kind == model.ProviderStruct {
			continue
		}
		items = append(items, provider(f, ref.Provider, ref.Decl.Package, ref.Decl.Name)...)
	}
	return append(items, f.Runtime("NewServer"), jen.Id("NewRouter"))
}

func provider(f *gofile.File, p model.Provider, pkg model.PackageRef, name string) []jen.Code {
	switch p.Kind {
	case model.ProviderFunc:
		return []jen.Code{f.Pkg(pkg, p.Func)}
	case model.ProviderStruct:
		return []jen.Code{wire(f, "Struct").Call(jen.New(f.Pkg(pkg, name)), jen.Lit("*"))}
	case model.ProviderGenerated:
		return []jen.Code{f.Pkg(pkg, "New"+name)}
	}
	return nil
}

func wire(f *gofile.File, name string) *jen.Statement {
	return f.Pkg(model.PackageRef{Path: WirePath, Name: "wire"}, name)
}
