package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// This file is what pushes and questions have in common.

// sent is the parameter of a method that sends an event, if it has data, and what is
// encoded of that. in is the parameter's name.
func sent(f *gofile.File, p *model.Param, in *jen.Statement) (params []jen.Code, payload jen.Code) {
	if p == nil {
		return nil, jen.Nil()
	}
	params = append(params, jen.Add(in).Add(f.Type(p.Type)))
	if p.Type.Kind == model.TypePointer {
		return params, in
	}
	return params, jen.Op("&").Add(in)
}

// binding is how the runtime gets what has the methods of an interface.
type binding struct {
	iface   string // Notices
	kind    string // Push, or Ask: a type of the runtime's, with its New…
	address string // Target: what is chosen there
	local   string // t: its parameter
	impl    string // noticesPush: has the address, and the methods
	doc     func(server string) string
	maker   string   // NewPush: the runtime's function
	with    jen.Code // its second argument; nil: there is none
}

// constructor is the function New + iface + kind.
func (b binding) constructor(f *gofile.File, namespace *model.TypeRef) jen.Code {
	server, name := serverParam(f, namespace), "New"+b.iface+b.kind
	address := jen.Id(f.Local(b.local))
	bind := jen.Func().Params(jen.Add(address).Add(f.Runtime(b.address))).Id(b.iface).
		Add(gofile.OneLine(jen.Return(jen.Id(b.impl).Values(address))))
	args := []jen.Code{server.registry()}
	if b.with != nil {
		args = append(args, b.with)
	}
	return gofile.Doc(name + " " + b.doc(server.name) + ".").
		Func().Id(name).Params(jen.Id(server.name).Add(server.typ)).
		Add(f.Runtime(b.kind).Types(jen.Id(b.iface))).Block(
		jen.Return(f.Runtime(b.maker).Call(append(args, bind)...)),
	)
}

// free is a name that is not taken, which begins with name.
func free(name string, taken func(string) bool) string {
	for taken(name) {
		name += "_"
	}
	return name
}
