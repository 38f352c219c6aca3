package resolve

import (
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// contract is the API of some gateways as clients see it. It is asked for once the
// model has no mistakes.
func (r *resolver) contract(c choice) *model.Contract {
	m := &composer{
		r: r, app: c.app, shapes: r.json.Shapes(contractSource{r}),
		out: &model.Contract{Selection: c.selection, Title: path.Base(r.src.Module.Path), Root: r.src.Module.Dir}, registries: map[string]*model.Registry{},
	}
	if c.app != nil {
		m.out.App = model.PackageRef{Path: c.app.src.Path, Name: c.app.src.Name}
		m.out.Title, m.out.Doc = c.app.src.Name, docOf(c.app.app.Site.File.Doc)
		m.out.ConnGuards, m.out.MessageGuards = c.app.model.App.ConnGuards, c.app.model.App.MessageGuards
	}
	for _, g := range c.gateways {
		m.gateway(g)
	}
	for _, p := range c.members {
		m.codes(p)
		m.pushes(p)
		m.asks(p)
	}
	m.declared(c.gateways)
	m.name(c.gateways)
	m.out.Defs = m.shapes.Defs(m.taken())
	if c.covered {
		r.ownJSON(m.shapes)
		r.inheritedNames(m.shapes)
	}
	return m.out
}

// composer makes one contract.
type composer struct {
	r          *resolver
	app        *pkg // nil: none
	shapes     *wiretype.Shapes
	out        *model.Contract
	registries map[string]*model.Registry // those of gateways, by registryOf
}

func (c *composer) gateway(g *gateway) {
	key := c.r.registryOf(g.pkg, g.directive)
	registry := c.registries[key]
	if registry == nil {
		registry = &model.Registry{Go: key}
		c.registries[key] = registry
		c.out.Registries = append(c.out.Registries, registry)
	}
	m := g.model
	guards := len(m.ConnGuards) + len(m.MessageGuards)
	if c.app != nil {
		guards += len(c.app.model.App.ConnGuards) + len(c.app.model.App.MessageGuards)
	}
	f := &model.Facade{
		Package: model.PackageRef{Path: g.pkg.src.Path, Name: g.pkg.src.Name}, Gateway: m,
		Doc: c.r.doc(g.obj), Path: segments(m.Path), Registry: registry, Access: access(guards > 0, m.Public),
	}
	for _, h := range m.Handlers {
		call := c.call(g.handlers[h], h)
		call.Access = access(guards+len(h.Guards) > 0, m.Public || h.Public)
		f.Calls = append(f.Calls, call)
	}
	c.out.Gateways = append(c.out.Gateways, f)
}

func access(guarded, public bool) model.Access {
	switch {
	case guarded:
		return model.Guarded
	case public:
		return model.Public
	}
	return model.Open
}

// segments are the parts of a path of a ServeMux.
func segments(pattern string) (all []model.Segment) {
	for pattern != "" {
		text, rest, found := strings.Cut(pattern, "{")
		if text != "" {
			all = append(all, model.Segment{Text: text})
		}
		if !found {
			break
		}
		var name string
		if name, pattern, _ = strings.Cut(rest, "}"); name == "$" { // that nothing follows
			continue
		}
		name, dots := strings.CutSuffix(name, "...")
		all = append(all, model.Segment{Wildcard: name, Rest: dots})
	}
	return all
}

func (c *composer) call(m *bound, h *model.Handler) *model.Call {
	call := &model.Call{
		Event: h.Event, Doc: docOf(m.decl.Doc), Handler: h, In: c.r.data(c.shapes, m, h), Stream: h.Stream != model.StreamNone, Closed: h.Closed, Examples: m.examples,
	}
	for _, e := range h.Errors {
		call.Errors = append(call.Errors, e.Code)
	}
	if h.Result != nil {
		call.Out = c.shapes.Shape(c.r.item(m), wiretype.Out)
	}
	return call
}

// data is what a client sends with a call. The value of a parameter that is no
// pointer has to be there, and must not be null.
func (r *resolver) data(shapes *wiretype.Shapes, m *bound, h *model.Handler) model.Data {
	data := model.Data{Form: h.Data}
	for i, p := range h.Params {
		if p.Role != model.RoleData {
			continue
		}
		v := m.sig.Params().At(i)
		shape := shapes.Shape(v.Type(), wiretype.In)
		switch h.Data {
		case model.DataWhole, model.DataNullable:
			shape.Null = h.Data == model.DataNullable
			data.Shape = shape
		default:
			shape.Null = p.Optional
			if p.Optional {
				shapes.MayLack(p.Name, v, shape)
			}
			data.Members = append(data.Members, &model.Member{
				Name: p.Name, Go: p.Name, Shape: shape, Required: !p.Optional, Pos: r.position(v.Pos()),
			})
		}
	}
	return data
}

// codes are the exported constants of type ws.Code that a package declares.
func (c *composer) codes(p *pkg) {
	scope := p.src.Types.Scope()
	for _, name := range scope.Names() {
		if obj := scope.Lookup(name); obj.Exported() && isCode(obj) {
			c.out.Codes = append(c.out.Codes, c.errCode(obj.(*types.Const)))
		}
	}
}

func (c *composer) errCode(obj *types.Const) model.ErrCode {
	return model.ErrCode{Code: constant.StringVal(obj.Val()), Go: obj.Pkg().Name() + "." + obj.Name(), Doc: c.r.doc(obj)}
}

// declared adds the codes that handlers declare, and that are neither constants of
// the program's own nor wsgen's, and sorts all.
func (c *composer) declared(gateways []*gateway) {
	for _, g := range gateways {
		for _, h := range g.model.Handlers {
			for _, declared := range g.handlers[h].refusals.codes {
				known := slices.ContainsFunc(c.out.Codes, func(e model.ErrCode) bool { return e.Code == declared.Code })
				switch {
				case known || ofWsgen(declared.Code):
				case declared.obj != nil:
					c.out.Codes = append(c.out.Codes, c.errCode(declared.obj))
				default:
					c.out.Codes = append(c.out.Codes, model.ErrCode{Code: declared.Code})
				}
			}
		}
	}
	slices.SortStableFunc(c.out.Codes, func(a, b model.ErrCode) int { return strings.Compare(a.Code, b.Code) })
}

// ofWsgen reports whether package ws has a constant for a code.
func ofWsgen(code string) bool {
	return slices.Contains(directive.EveryCall(), code) || code == "not_found" || code == "conflict"
}

// pushes are what a package's push interfaces send to clients of the gateways
// that there are.
func (c *composer) pushes(p *pkg) {
	c.outbounds(p, "push", func(registry *model.Registry, obj *types.TypeName, fn *types.Func, event string) {
		i := slices.IndexFunc(registry.Pushes, func(p *model.Pushed) bool { return p.Event == event })
		if i < 0 {
			i = len(registry.Pushes)
			registry.Pushes = append(registry.Pushes, &model.Pushed{Event: event})
		}
		push := registry.Pushes[i]
		c.describe(&push.Doc, fn)
		push.Data = union(push.Data, c.param(fn, 0))
		push.Kept = push.Kept || p.has(obj, "history") && c.r.markOf(fn, "kept") != nil
	})
}

// asks are the questions that a package's ask interfaces ask clients of the
// gateways that there are.
func (c *composer) asks(p *pkg) {
	c.outbounds(p, "ask", func(registry *model.Registry, _ *types.TypeName, fn *types.Func, event string) {
		i := slices.IndexFunc(registry.Asks, func(a *model.Asked) bool { return a.Event == event })
		if i < 0 {
			i = len(registry.Asks)
			registry.Asks = append(registry.Asks, &model.Asked{Event: event})
		}
		ask := registry.Asks[i]
		c.describe(&ask.Doc, fn)
		var answer *model.Shape
		if results := fn.Signature().Results(); results.Len() > 1 {
			answer = c.shapes.Shape(results.At(0).Type(), wiretype.In)
		}
		ask.In, ask.Out = union(ask.In, c.param(fn, 1)), union(ask.Out, answer)
	})
}

// outbounds calls do for each method of the interfaces of p that a directive marks,
// if clients of the gateways hear it.
func (c *composer) outbounds(p *pkg, directive string, do func(*model.Registry, *types.TypeName, *types.Func, string)) {
	objs, ds := p.marked(directive)
	for i, obj := range objs {
		registry := c.registries[c.r.registryOf(p, ds[i])]
		if registry == nil {
			continue // nobody hears it
		}
		for _, fn := range c.r.pushMethods(obj.Type().Underlying().(*types.Interface)) {
			do(registry, obj, fn, c.r.quiet().pushEvent(fn, nameSpan(fn)))
		}
	}
}

// describe gives an event the comment of the first method that has one.
func (c *composer) describe(doc *model.Doc, fn *types.Func) {
	if field := c.r.pushField(fn); field != nil && *doc == (model.Doc{}) {
		*doc = docOf(field.Doc)
	}
}

// param is the shape of what the server sends as a parameter; nil if there is none.
func (c *composer) param(fn *types.Func, i int) *model.Shape {
	if params := fn.Signature().Params(); params.Len() > i {
		return c.shapes.Shape(params.At(i).Type(), wiretype.Out)
	}
	return nil
}

// union adds a shape to those of an event.
func union(all []*model.Shape, shape *model.Shape) []*model.Shape {
	if slices.ContainsFunc(all, func(other *model.Shape) bool { return sameShape(other, shape) }) {
		return all
	}
	return append(all, shape)
}

// sameShape reports whether two shapes are written alike. Those of declared types
// are if the type is the same one. Two objects without a declared type never are.
func sameShape(a, b *model.Shape) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Null == b.Null && a.Format == b.Format && a.Def == b.Def && a.Len == b.Len && a.Kind != model.ShapeObject &&
		sameShape(a.Elem, b.Elem) && sameShape(a.Key, b.Key)
}

// item is the type of a handler's reply, or of each item of its stream.
func (r *resolver) item(m *bound) types.Type {
	t := m.sig.Results().At(0).Type()
	if _, item, ok := r.quiet().stream(m, t); ok {
		return item
	}
	return t
}

// contractSource tells a contract what types do not.
type contractSource struct{ r *resolver }

func (s contractSource) Doc(obj types.Object) model.Doc { return s.r.doc(obj) }

func (s contractSource) Override(obj *types.TypeName) (wiretype.Override, bool) {
	o, ok := s.r.ownForms[gotype.Key(obj)]
	return o, ok
}

func (s contractSource) Examples(obj *types.TypeName) []string { return s.r.examples[gotype.Key(obj)] }

func (s contractSource) Whole(pkg *types.Package) *types.Package { return s.r.whole(pkg) }

func (s contractSource) Position(pos token.Pos) token.Position { return s.r.position(pos) }
