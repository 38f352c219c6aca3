package resolve

import (
	"cmp"
	"fmt"
	"go/types"
	pathpkg "path"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// gateway is a gateway while it is resolved.
type gateway struct {
	obj       *types.TypeName
	directive *directive.Directive
	pkg       *pkg
	model     *model.Gateway
	embeds    map[*types.TypeName]bool // itself, and what it has methods of by embedding
	handlers  map[*model.Handler]*bound // the method that each is
	layers    []*layer                 // the gateways that it embeds, and has annotated methods of

	// state is the type that the connect hook makes, or nil. stateless says
	// that it makes none because of a mistake already reported.
	state     *types.TypeName
	stateless bool
}

func (r *resolver) gateways(p *pkg) {
	for _, g := range p.gateways {
		r.gateway(g)
		p.model.Gateways = append(p.model.Gateways, g.model)
	}
}

func (r *resolver) gateway(g *gateway) {
	d, p := g.directive, g.pkg
	name := d.Site.Type.Name
	r.need(d.Site.Type)
	g.model = &model.Gateway{
		Pos: r.position(name.Pos()), Name: g.obj.Name(),
		Path:      r.path(d),
		Namespace: r.namespaceOf(p, d),
		GoGateway: model.GoGateway{Provider: r.ownProvider(g.obj, name)},
	}
	if r.unending(g.obj.Type(), name) {
		return
	}
	guards := r.guards(p.onType[g.obj], p.scope(d), p.src.Types, false)
	g.model.ConnGuards, g.model.MessageGuards = guards.conn, guards.message
	g.model.Public = p.has(g.obj, "public")

	methods := r.methods(g)
	r.ambiguous(g)
	r.hooks(g, methods)
	events := map[string]*bound{}
	for _, m := range methods {
		if d := m.marked("subscribe"); d != nil {
			r.handler(g, m, d, events)
		}
		r.pathValues(g, m)
	}
}

// path is the effective path of a gateway.
func (r *resolver) path(d *directive.Directive) string {
	if len(d.Args) == 0 {
		return ""
	}
	arg := d.Args[0]
	path := arg.Value
	if !strings.HasPrefix(path, "/") {
		code, help := diag.BadPath, diag.Paste("a path begins with a slash", spell("/"+path))
		if i := strings.Index(path, "/"); strings.ContainsAny(path, " .") {
			code, help = diag.MethodInPath, "a path names no method and no host: those are for the ServeMux that the router is mounted on"
			if i > 0 {
				help = diag.Paste(help+"; write it as", spell(path[i:]))
			}
		}
		r.report(code, value(arg), fmt.Sprintf("the path %s does not begin with a slash", path), help)
		return ""
	}
	if o, ok := d.Option("version"); ok {
		if n, err := strconv.Atoi(o.Value); err != nil || n < 1 || strconv.Itoa(n) != o.Value {
			r.report(diag.BadValue, value(o), "version= cannot be "+o.Value, "it is a number from 1 up, such as 1, which serves /v1"+path)
		} else {
			if rest, ok := strings.CutPrefix(path, "/v"); ok && rest != "" && '0' <= rest[0] && rest[0] <= '9' {
				r.warn(diag.VersionTwice, value(o), fmt.Sprintf("the path is /v%s%s: it has a version of its own already", o.Value, path), "remove it from the path, or remove version=")
			}
			path = "/v" + o.Value + path
		}
	}
	if clean := cleaned(arg.Value); clean != arg.Value {
		r.report(diag.UncleanPath, value(arg), fmt.Sprintf("no request has the path %s: ServeMux cleans it first", path), diag.Paste("write the path as it arrives", spell(clean)))
		return ""
	}
	if why := badPattern(path); why != "" {
		help := "wildcards are whole segments, {name}, or {name...} at the end"
		if strings.Contains(path, " ") {
			help = diag.Paste("a space in a path is written as %20", strings.ReplaceAll(arg.Value, " ", "%20"))
		}
		r.report(diag.BadWildcard, value(arg), fmt.Sprintf("the path %s is not one that ServeMux accepts: %s", path, why), help)
		return ""
	}
	if i := strings.IndexAny(arg.Value, "?#"); i >= 0 {
		r.report(diag.UncleanPath, value(arg), fmt.Sprintf("no request has the path %s: a path ends before %s", arg.Value, arg.Value[i:i+1]),
			diag.Paste("write the path alone", spell(cleaned(arg.Value[:i]))))
		return ""
	}
	return path
}

// spell is an argument as it stands in a directive.
func spell(value string) string { return directive.Arg{Value: value}.Write() }

// cleaned is a path as requests have it. A slash at the end stays: it stands for
// all that is below.
func cleaned(path string) string {
	clean := pathpkg.Clean(path)
	if strings.HasSuffix(path, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// handler resolves one method marked //ws:subscribe.
func (r *resolver) handler(g *gateway, m *bound, d *directive.Directive, events map[string]*bound) {
	h := &model.Handler{Pos: r.position(m.name().Pos()), Method: m.fn.Name(), Public: m.marked("public") != nil}
	r.needSignature(m)
	if r.endlessIn(m) {
		return
	}
	event, where, ok := r.event(m, d)
	if ok {
		h.Event = event
		if o, named := d.Option("const"); named {
			h.Const = r.constRef(m.scope, o, g.obj.Pkg())
		}
		if earlier := events[event]; earlier != nil {
			r.report(diag.DuplicateEvent, where, fmt.Sprintf("event %s has two handlers in %s", event, g.obj.Name()),
				"give one of them another event, or remove it",
				r.related(earlier.name(), earlier.fn.Name()+" handles it too"))
		} else {
			events[event] = m
		}
	}
	guards := r.guards(m.ds, m.scope, g.pkg.src.Types, true)
	h.Guards = r.inherited(g, m, guards.message)
	r.params(g, m, handlerTakes(), func(p model.Param) { h.Params = append(h.Params, p) })
	h.Data = r.dataForm(m)
	r.results(g, m, h)
	r.checks(m, h)
	if o, ok := g.directive.Option("codec"); !ok || o.Value != "std" {
		r.flats(g, m, h)
	}
	r.runs(d, h, len(g.model.MessageGuards) > 0)
	if h.Mode == model.Parallel {
		r.unlocked(m)
	}
	g.model.Handlers = append(g.model.Handlers, h)
	g.handlers[h] = m
}

// event is the event that a handler's directive names.
func (r *resolver) event(m *bound, d *directive.Directive) (event string, where span, ok bool) {
	o, isConst := d.Option("const")
	switch {
	case isConst && len(d.Args) > 0:
		r.report(diag.EventTwice, at{d.Args[0].Pos, d.Args[0].End}, "the event is given twice, as itself and by const=", "remove one of them")
		return "", nil, false
	case isConst:
		if event, ok = r.constant(m.scope, o); !ok {
			return "", nil, false
		}
		where = value(o)
	case len(d.Args) == 0 && d.Broken:
		return "", nil, false
	case len(d.Args) == 0:
		help := "name the event that " + m.fn.Name() + " handles"
		if event := lowerCamel(cmp.Or(strings.TrimPrefix(m.fn.Name(), "On"), m.fn.Name())); event != "error" { // the protocol's
			help = diag.Paste(help, d.With(event))
		}
		r.report(diag.MissingArgument, head(d), "//ws:subscribe needs an argument: event", help)
		return "", nil, false
	default:
		event, where = d.Args[0].Value, value(d.Args[0])
	}
	return event, where, r.eventName(event, where)
}

// eventName refuses the names that belong to the protocol.
func (r *resolver) eventName(event string, where span) bool {
	var message string
	code, help := diag.BadEvent, "choose another name"
	switch {
	case event == "":
		code, message, help = diag.UnwritableEvent, "the event has an empty name", "give it a name, such as message"
	case event == "error":
		message = "the event error belongs to the protocol"
	case strings.HasPrefix(event, "$"):
		message = "event names that begin with $ belong to the protocol"
	case strings.ContainsFunc(event, isControl):
		code, message, help = diag.UnwritableEvent, fmt.Sprintf("the event %q has a control character", event), "remove it"
	default:
		c, ok := directive.Unseen(event)
		if !ok {
			return true
		}
		code, message, help = diag.UnwritableEvent, fmt.Sprintf("the event %q has a character that nobody sees: U+%04X", event, c), "remove it, or write an ordinary space"
	}
	r.report(code, where, message, help)
	return false
}

func isControl(c rune) bool { return c < 0x20 || 0x7f <= c && c < 0xa0 || c == '\uFFFD' }

// endlessIn reports whether a parameter or a result of m is unending.
func (r *resolver) endlessIn(m *bound) bool {
	for i := range m.sig.Params().Len() {
		if _, typ := m.param(i); r.unending(m.sig.Params().At(i).Type(), typ) {
			return true
		}
	}
	for i := range m.sig.Results().Len() {
		if r.unending(m.sig.Results().At(i).Type(), m.result(i)) {
			return true
		}
	}
	return false
}
