package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// router has one parameter for each gateway, so that none can be forgotten.
func router(f *gofile.File, pkg *model.Package) jen.Code {
	app := pkg.App
	names := f.NewParams()
	var params, endpoints []jen.Code
	for _, gw := range app.Gateways {
		name := names.Name(gatewayCandidates(app, gw)...)
		params = append(params, jen.Id(name).Add(f.Pkg(gw.Package, gofile.EndpointType(gw.Gateway.Name))))
		endpoints = append(endpoints, jen.Id(name).Dot("Endpoint"))
	}
	guards := newGuardParams(f, pkg, names)
	guards.add(bySource(app.ConnGuards, app.MessageGuards))
	params = append(params, guards.decls()...)

	value := f.Runtime("NewRouter").Call(endpoints...)
	if len(guards.refs) > 0 {
		conn, message := jen.Code(jen.Nil()), jen.Code(jen.Nil())
		if len(app.ConnGuards) > 0 {
			conn = guards.list("ConnGuard", app.ConnGuards)
		}
		if len(app.MessageGuards) > 0 {
			message = guards.list("MessageGuard", app.MessageGuards)
		}
		value.Dot("Guard").Call(conn, message)
	}

	return gofile.Doc("NewRouter serves every gateway of this application. A gateway that is missing does not compile.").
		Func().Id("NewRouter").Add(gofile.Lines("(", ")", params...)).Op("*").Add(f.Runtime("Router")).
		Block(jen.Return(value))
}

// gatewayCandidates names the parameter after the gateway, or after package and
// gateway when several packages call theirs the same.
func gatewayCandidates(app *model.App, gw model.AppGateway) []string {
	same := 0
	for _, other := range app.Gateways {
		if other.Gateway.Name == gw.Gateway.Name {
			same++
		}
	}
	short := camel.Lower(gw.Gateway.Name)
	long := camel.Lower(gw.Package.Name) + camel.Upper(gw.Gateway.Name)
	if same > 1 {
		return []string{long}
	}
	return []string{short, long}
}
