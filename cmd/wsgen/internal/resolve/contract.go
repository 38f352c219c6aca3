package resolve

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// contract is the API of the requested packages as clients see it. It is asked
// for once the model has no mistakes.
func (r *resolver) contract() *model.Contract {
	c := &composer{r: r, shapes: r.json.Shapes(contractSource{r}), out: &model.Contract{}, registries: map[string]*model.Registry{}}
	for _, p := range r.pkgs {
		if !p.src.Requested {
			continue
		}
		for _, g := range p.gateways {
			c.gateway(p, g)
		}
		c.codes(p)
	}
	for _, p := range r.pkgs {
		c.pushes(p)
	}
	c.out.Defs = c.shapes.Defs()
	return c.out
}

// composer makes one contract.
type composer struct {
	r          *resolver
	shapes     *wiretype.Shapes
	out        *model.Contract
	registries map[string]*model.Registry // those of gateways, by registryOf
}

func (c *composer) gateway(p *pkg, g *gateway) {
	key := c.r.registryOf(p, g.directive)
	registry := c.registries[key]
	if registry == nil {
		registry = &model.Registry{Go: key}
		c.registries[key] = registry
		c.out.Registries = append(c.out.Registries, registry)
	}
	f := &model.Facade{
		Package: model.PackageRef{Path: p.src.Path, Name: p.src.Name}, Gateway: g.model,
		Doc: c.r.doc(g.obj), Registry: registry,
	}
	for _, h := range g.model.Handlers {
		f.Calls = append(f.Calls, c.call(g.handlers[h], h))
	}
	c.out.Gateways = append(c.out.Gateways, f)
}

func (c *composer) call(m *bound, h *model.Handler) *model.Call {
	call := &model.Call{Event: h.Event, Doc: docOf(m.decl.Doc), Handler: h, In: c.r.data(c.shapes, m, h), Stream: h.Stream != model.StreamNone}
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
		obj, ok := scope.Lookup(name).(*types.Const)
		if ok && obj.Exported() && gotype.Is(obj.Type(), model.RuntimePath, "Code") && obj.Val().Kind() == constant.String {
			c.out.Codes = append(c.out.Codes, model.ErrCode{Code: constant.StringVal(obj.Val()), Go: p.src.Name + "." + name, Doc: c.r.doc(obj)})
		}
	}
	slices.SortStableFunc(c.out.Codes, func(a, b model.ErrCode) int { return strings.Compare(a.Code, b.Code) })
}

// pushes are what a package's push interfaces send to clients of the gateways
// that there are.
func (c *composer) pushes(p *pkg) {
	objs, ds := p.marked("push")
	for i, obj := range objs {
		registry := c.registries[c.r.registryOf(p, ds[i])]
		if registry == nil {
			continue // nobody hears it
		}
		for _, fn := range c.r.pushMethods(obj.Type().Underlying().(*types.Interface)) {
			c.pushed(registry, fn)
		}
	}
}

func (c *composer) pushed(registry *model.Registry, fn *types.Func) {
	event := c.r.quiet().pushEvent(fn, nameSpan(fn))
	i := slices.IndexFunc(registry.Pushes, func(p *model.Pushed) bool { return p.Event == event })
	if i < 0 {
		i = len(registry.Pushes)
		registry.Pushes = append(registry.Pushes, &model.Pushed{Event: event})
	}
	p := registry.Pushes[i]
	if field := c.r.pushField(fn); field != nil && p.Doc == (model.Doc{}) {
		p.Doc = docOf(field.Doc)
	}
	var shape *model.Shape
	if params := fn.Signature().Params(); params.Len() > 0 {
		shape = c.shapes.Shape(params.At(0).Type(), wiretype.Out)
	}
	if !slices.ContainsFunc(p.Data, func(other *model.Shape) bool { return sameShape(other, shape) }) {
		p.Data = append(p.Data, shape)
	}
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

func (s contractSource) Whole(pkg *types.Package) *types.Package { return s.r.whole(pkg) }

func (s contractSource) Position(pos token.Pos) token.Position { return s.r.position(pos) }
