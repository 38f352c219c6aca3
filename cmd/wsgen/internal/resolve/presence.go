package resolve

import (
	"fmt"
	"go/types"
	"slices"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// This file is about methods of push interfaces that tell who is in a room:
// //ws:presence.

// defaultLinger is how long somebody is shown who has gone, if the directive does not
// say it.
const defaultLinger = 2 * time.Second

// presences are those of a push interface while it is resolved.
type presences struct {
	r        *resolver
	pkg      *pkg
	obj      *types.TypeName
	registry string
	first    *types.Func // nil: none so far
}

// method resolves //ws:presence above a method. It returns false if the method is
// wrong, and that is reported.
func (s *presences) method(fn *types.Func, m *model.PushMethod) bool {
	r := s.r
	d := r.markOf(fn, "presence")
	if d == nil {
		return true
	}
	where := r.markSpan(fn, d, nameSpan(s.obj))
	if s.first != nil {
		r.report(diag.TwoPresences, where, fmt.Sprintf("two methods of %s tell who is in a room", s.obj.Name()), "declare another push interface for one of them",
			r.related(r.pushSpan(s.first, nameSpan(s.obj)), s.first.Name()+" does, too"))
		return true
	}
	s.first = fn
	if unknownIn(fn.Signature()) {
		return true // which is told of every push
	}
	q := s.written(fn)
	meta, ok := presentOf(fn.Signature())
	if !ok {
		r.badPresence(q)
		return false
	}
	if r.metaless(s.pkg, meta, q.param(0)) {
		return false
	}
	ref, err := typeRef(meta, s.pkg.src.Types)
	if err != nil {
		r.cannotName(q.param(0), err, "export the type")
		return false
	}
	m.Presence = &model.People{Linger: defaultLinger, Meta: ref, Codec: r.codecsOf(s.pkg).ref(meta)}
	r.presenceOptions(d, m.Presence)
	r.logs = append(r.logs, keptLog{s.pkg, s.registry, s.pkg.src.Name + "." + s.obj.Name(), s.obj, d, true})
	return true
}

// written is a method as it stands in the source.
func (s *presences) written(fn *types.Func) question {
	q := question{p: s.pkg, fn: fn, sig: fn.Signature(), name: s.r.pushSpan(fn, nameSpan(s.obj))}
	if q.decl, _ = fieldType(s.r.pushField(fn)); q.decl != nil {
		q.scope = scope{s.pkg.src.Types, s.r.fileOf(q.decl.Pos())}
	}
	return q
}

// presenceOptions reads the options of a directive.
func (r *resolver) presenceOptions(d *directive.Directive, to *model.People) {
	for _, o := range d.Options {
		switch o.Key {
		case "linger":
			to.Linger = r.linger(o)
		case "max":
			n, err := strconv.Atoi(o.Value)
			if err != nil || n < 1 {
				r.report(diag.BadValue, value(o), "max= cannot be "+o.Value, "it is a number from 1 up, such as 500: of more people only the count is told")
			}
			to.Max = n
		case "room":
			to.Room = o.Value == "true"
		}
	}
}

// linger is a duration that may be none.
func (r *resolver) linger(o directive.Arg) time.Duration {
	if d, err := time.ParseDuration(o.Value); err == nil && d == 0 {
		return 0
	}
	d, _ := r.duration(o)
	return d
}

// unknownIn reports whether Go could not tell what a parameter is.
func unknownIn(sig *types.Signature) bool {
	return slices.ContainsFunc(slices.Collect(sig.Params().Variables()), func(v *types.Var) bool { return gotype.Invalid(v.Type()) })
}

// presentOf is M of a method whose one parameter is ws.Present[M].
func presentOf(sig *types.Signature) (meta types.Type, ok bool) {
	if sig.Params().Len() != 1 || sig.Variadic() {
		return nil, false
	}
	n, is := types.Unalias(sig.Params().At(0).Type()).(*types.Named)
	if !is || !isPresent(n) {
		return nil, false
	}
	return n.TypeArgs().At(0), true
}

// isPresent reports whether t is ws.Present of something.
func isPresent(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && gotype.Is(n, model.RuntimePath, "Present") && n.TypeArgs().Len() == 1
}

// badPresence reports a method of another form.
func (r *resolver) badPresence(q question) {
	message := fmt.Sprintf("the method %s tells who is in a room, and takes no ws.Present", q.fn.Name())
	const form = "it takes one value of type ws.Present[M], in which M is what is told of each connection"
	if q.sig.Params().Len() != 1 || q.decl == nil {
		r.report(diag.BadPresence, q.paramsSpan(), message, form)
		return
	}
	t := q.sig.Params().At(0).Type()
	if elem, pointer := gotype.Pointee(t); pointer && isPresent(elem) {
		r.report(diag.BadPresence, q.param(0), message, diag.Instead("take", r.write(elem, q.scope)))
		return
	}
	if s, ok := t.(*types.Slice); ok {
		t = s.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && (isPresent(n) || gotype.Is(n, model.RuntimePath, "Person")) {
		t = n.TypeArgs().At(0)
	}
	if handle(t) || isContext(gotype.Deref(t)) {
		r.report(diag.BadPresence, q.paramsSpan(), message, form)
		return
	}
	ws, imports := r.ws(q.scope.file)
	r.report(diag.BadPresence, q.paramsSpan(), message, diag.Paste("take these parameters", "("+ws+".Present["+r.write(t, q.scope)+"])", imports...))
}

// metaless reports what cannot be told of a connection: it is written by one node, and
// read by others.
func (r *resolver) metaless(p *pkg, t types.Type, where span) bool {
	shown := r.show(t, p.src.Types)
	if r.unending(t, where) {
		return true
	}
	r.needType(t)
	for _, way := range []wiretype.Way{wiretype.Out, wiretype.In} {
		for _, f := range r.json.Flaws(t, way) {
			if r.blamed(f, way) != nil {
				continue
			}
			_, why := reason(f.Why)
			r.report(diag.PresenceMeta, where, shown+" cannot be told of a connection: "+why, "use a type that JSON has a form for")
			return true
		}
		if r.formless(t, way, where, shown+" cannot be told of a connection") {
			return true
		}
	}
	if r.stateSent(t, where) {
		return true
	}
	r.onWire(t, where, wiretype.In)
	r.opaque(t, where)
	return false
}

// tellsPresence reports whether some method of an interface is marked, whatever else
// may be wrong with it.
func (r *resolver) tellsPresence(obj *types.TypeName) bool {
	iface, ok := obj.Type().Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for fn := range iface.Methods() {
		if r.markOf(fn, "presence") != nil {
			return true
		}
	}
	return false
}
