package goserver

import (
	"cmp"
	"slices"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// endpointType is a type of its own for each gateway, so that a constructor
// or wire can tell them apart.
func (g *gateway) endpointType() jen.Code {
	name := gofile.EndpointType(g.Name)
	return gofile.Doc(name + " serves " + article(g.Name) + " at " + g.Path + ".").
		Type().Id(name).Id("struct").Add(gofile.OneLine(jen.Op("*").Add(g.Runtime("Endpoint"))))
}

func (g *gateway) constructor() jen.Code {
	name := gofile.EndpointType(g.Name)
	doc := "New" + name + " binds " + article(g.Name) + " to a registry."
	guards := g.guardParams()
	if len(guards.refs) > 0 {
		doc = "New" + name + " binds " + article(g.Name) + " and its guards to a registry."
	}

	server := serverParam(g.File, g.Namespace)
	params := []jen.Code{
		jen.Id(server.name).Add(server.typ),
		jen.Id(g.Local("gateway")).Op("*").Id(g.Name),
	}
	params = append(params, guards.decls()...)

	return gofile.Doc(doc).
		Func().Id("New" + name).Params(params...).Id(name).Block(append(g.notNil(),
		jen.Id(g.Local("d")).Op(":=").Id(gofile.DispatchType(g.Name)).Values(jen.Id(g.Local("gateway"))),
		jen.Return(jen.Id(name).Values(g.Runtime("NewEndpoint").Call(
			server.registry(),
			g.Runtime("Spec").Add(gofile.Lines("{", "}", g.spec(guards)...)),
		))),
	)...)
}

// notNil has the constructor panic if an embedded field is nil from which methods
// of the gateway are promoted. So the program stops when it starts, and not at the
// first message.
func (g *gateway) notNil() []jen.Code {
	var lines []jen.Code
	for _, path := range g.Through {
		message := "ws: " + g.pkg.Name + "." + g.Name + path + " is nil, and methods of " + g.Name + " are promoted from it"
		lines = append(lines, jen.If(jen.Id(g.Local("gateway")).Id(path).Op("==").Nil()).Block(jen.Panic(jen.Lit(message))))
	}
	return lines
}

func (g *gateway) spec(guards *guardParams) []jen.Code {
	fields := []jen.Code{
		field("Gateway", jen.Lit(g.pkg.Name+"."+g.Name)),
		field("Path", jen.Lit(g.Path)),
	}
	if g.Protocol != "" {
		fields = append(fields, field("Protocol", jen.Lit(g.Protocol)))
	}
	if g.Contract != "" {
		fields = append(fields, field("Contract", jen.Lit(g.Contract)))
	}
	if len(g.Handlers) > 0 {
		handlers := make([]jen.Code, len(g.Handlers))
		for i, h := range g.Handlers {
			handlers[i] = g.handler(h, guards)
		}
		fields = append(fields, field("Handlers",
			jen.Index().Add(g.Runtime("Handler")).Add(gofile.Lines("{", "}", handlers...))))
	}
	d := func(method string) *jen.Statement { return jen.Id(g.Local("d")).Dot(method) }
	fields = append(fields, field("Lookup", d("lookup")), field("Call", d("call")))
	if g.Connect != nil {
		fields = append(fields, field("Connect", d("connect")))
	}
	if g.Disconnect != nil {
		fields = append(fields, field("Disconnect", d("disconnect")))
	}
	if g.Configure != nil {
		fields = append(fields, field("Configure", jen.Id(g.Local("gateway")).Dot(g.Configure.Method)))
	}
	if len(g.ConnGuards) > 0 {
		fields = append(fields, field("ConnGuards", guards.list("ConnGuard", g.ConnGuards)))
	}
	if len(g.MessageGuards) > 0 {
		fields = append(fields, field("Guards", guards.list("MessageGuard", g.MessageGuards)))
	}
	return fields
}

func (g *gateway) handler(h *model.Handler, guards *guardParams) jen.Code {
	fields := []jen.Code{field("Event", g.event(h))}
	switch h.Mode {
	case model.Serial:
		fields = append(fields, field("Mode", g.Runtime("Serial")))
	case model.Parallel:
		fields = append(fields, field("Mode", g.Runtime("Parallel")))
	}
	if h.Max > 0 {
		fields = append(fields, field("Max", jen.Lit(h.Max)))
	}
	if h.Timeout > 0 {
		fields = append(fields, field("Timeout", duration(g.File, h.Timeout)))
	}
	if h.Stream != model.StreamNone {
		fields = append(fields, field("Stream", jen.True()))
	}
	if params := g.paramNames(h); params != nil {
		fields = append(fields, field("Params", params))
	}
	if h.Data == model.DataNone {
		fields = append(fields, field("NoData", jen.True()))
	}
	if len(h.Guards) > 0 {
		fields = append(fields, field("Guards", guards.list("MessageGuard", h.Guards)))
	}
	if h.Closed {
		fields = append(fields, field("Errors", g.errors(h)))
	}
	return jen.Values(fields...)
}

// errors is a literal of the codes that a handler declares, which may have none.
func (g *gateway) errors(h *model.Handler) jen.Code {
	var codes []jen.Code
	for _, e := range h.Errors {
		if e.Const != nil {
			codes = append(codes, g.Pkg(e.Const.Package, e.Const.Name))
		} else {
			codes = append(codes, jen.Lit(e.Code))
		}
	}
	return jen.Index().Add(g.Runtime("Code")).Values(codes...)
}

// paramNames is a literal of the names that data has; nil if it has none.
func (g *gateway) paramNames(h *model.Handler) jen.Code {
	if h.Data != model.DataScalar && h.Data != model.DataObject {
		return nil
	}
	var names []jen.Code
	for _, p := range dataParams(h) {
		names = append(names, jen.Lit(p.Name))
	}
	return jen.Index().String().Values(names...)
}

// duration writes d in the largest unit that it is a whole number of.
func duration(f *gofile.File, d time.Duration) jen.Code {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{
		{time.Hour, "Hour"},
		{time.Minute, "Minute"},
		{time.Second, "Second"},
		{time.Millisecond, "Millisecond"},
		{time.Microsecond, "Microsecond"},
	} {
		switch unit := f.Std("time", u.name); {
		case d == u.unit:
			return unit
		case d%u.unit == 0:
			return jen.Lit(int(d / u.unit)).Op("*").Add(unit)
		}
	}
	return jen.Lit(int(d))
}

func field(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

// guardParams are the parameters for the guards of a gateway: its own first, as
// they stand in the source, then those of each handler.
func (g *gateway) guardParams() *guardParams {
	p := newGuardParams(g.File, g.pkg, g.File.NewParams(g.Local("server"), g.Local("gateway"), g.Local("d")))
	p.add(bySource(g.ConnGuards, g.MessageGuards))
	for _, h := range g.Handlers {
		p.add(h.Guards)
	}
	return p
}

// bySource merges a gateway's two kinds of guards.
func bySource(conn, message []*model.GuardRef) []*model.GuardRef {
	refs := slices.Concat(conn, message)
	slices.SortStableFunc(refs, func(a, b *model.GuardRef) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	return refs
}

// guardParams gives each guard type one parameter, however often it is used.
type guardParams struct {
	file  *gofile.File
	pkg   *model.Package
	names *gofile.Params
	byKey map[string]string // type → parameter
	refs  []*model.GuardRef // each type once
}

func newGuardParams(f *gofile.File, pkg *model.Package, names *gofile.Params) *guardParams {
	return &guardParams{file: f, pkg: pkg, names: names, byKey: map[string]string{}}
}

func (p *guardParams) add(refs []*model.GuardRef) {
	for _, ref := range refs {
		key := guardKey(p.pkg, ref)
		if p.byKey[key] != "" {
			continue
		}
		short := camel.Lower(ref.Name)
		candidates := []string{short}
		if ref.Foreign {
			candidates = append(candidates, camel.Lower(ref.Decl.Package.Name)+camel.Upper(ref.Name))
		}
		candidates = append(candidates, short+"Guard")
		p.byKey[key] = p.names.Name(candidates...)
		p.refs = append(p.refs, ref)
	}
}

func (p *guardParams) decls() []jen.Code {
	decls := make([]jen.Code, len(p.refs))
	for i, ref := range p.refs {
		typ := p.file.Type(ref.Type)
		if !ref.Interface {
			typ = p.file.Pointer(ref.Type)
		}
		decls[i] = jen.Id(p.byKey[guardKey(p.pkg, ref)]).Add(typ)
	}
	return decls
}

// list is a literal of guards of one kind, each type once.
func (p *guardParams) list(kind string, refs []*model.GuardRef) jen.Code {
	var items []jen.Code
	seen := map[string]bool{}
	for _, ref := range refs {
		key := guardKey(p.pkg, ref)
		if !seen[key] {
			seen[key] = true
			items = append(items, jen.Id(p.byKey[key]))
		}
	}
	return jen.Index().Add(p.file.Runtime(kind)).Values(items...)
}

// guardKey identifies a guard's type: two aliases of one type are one guard.
func guardKey(pkg *model.Package, ref *model.GuardRef) string {
	if ref.Decl.Name != "" {
		return gofile.Key(pkg.Path, ref.Decl)
	}
	return gofile.Key(pkg.Path, ref.Type)
}

// server is the registry parameter of a constructor.
type server struct {
	name      string
	typ       jen.Code
	namespace bool
}

func serverParam(f *gofile.File, namespace *model.TypeRef) server {
	s := server{name: f.Local("server"), namespace: namespace != nil}
	if s.namespace {
		s.typ = f.Pointer(*namespace)
	} else {
		s.typ = jen.Op("*").Add(f.Runtime("Server"))
	}
	return s
}

// registry is the *ws.Server of the parameter.
func (s server) registry() *jen.Statement {
	if s.namespace {
		return jen.Id(s.name).Dot("Server")
	}
	return jen.Id(s.name)
}
