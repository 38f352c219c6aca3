package ws

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// NewEndpoint binds a gateway to a registry. Generated constructors call it.
// It logs the problems of the options that the gateway configures. It panics
// on a protocol that this runtime does not speak, and on an interceptor that
// is nil.
func NewEndpoint(s *Server, spec Spec) *Endpoint {
	e := &Endpoint{
		server:    s,
		spec:      spec,
		protocol:  protocolOf(&spec),
		opts:      s.configured(spec),
		wildcards: wildcards(spec.Path),
	}
	e.profile = s.engine.Profile(e.opts.socket())
	if o := &e.opts; !o.NoResume {
		e.keeper = &outbox.Keeper{Frames: o.ResumeFrames, Bytes: o.ResumeBytes, Total: s.kept}
	}
	e.rates, e.refreshes = ratesOf(&e.opts, spec.Handlers)
	e.compose()
	return e
}

// guard puts the global guards before those of the gateway.
func (e *Endpoint) guard(conn []ConnGuard, message []MessageGuard) {
	e.global.conn, e.global.message = conn, message
	e.compose()
}

// intercept puts interceptors around those of the gateway.
func (e *Endpoint) intercept(around []Interceptor) {
	e.global.around = append(e.global.around, around...)
	e.compose()
}

// compose joins the guards and interceptors of the Router and of the gateway,
// and resolves how each handler runs.
func (e *Endpoint) compose() {
	e.connGuards = once(e.global.conn, e.spec.ConnGuards)
	e.next = e.chain()
	e.handlers = slices.Clone(e.spec.Handlers)
	e.guards = make([][]MessageGuard, len(e.handlers))
	for i := range e.handlers {
		e.guards[i] = once(e.global.message, e.spec.Guards, e.handlers[i].Guards)
		h := &e.handlers[i]
		number(&h.Max, defaultParallel)
		switch {
		case h.Mode != Inline:
		case len(e.global.message) > 0 || e.next != nil:
			h.Mode = Serial // they may block, and the generator could not know
		default:
			h.Timeout = 0
		}
	}
	e.own = nil
	if len(e.connGuards) > 0 {
		e.handlers = append(e.handlers, Handler{Event: refreshEvent, Mode: Serial})
		e.guards = append(e.guards, nil)
		e.own = append(e.own, refresh)
	}
	e.fronts = make([][]byte, len(e.handlers))
	e.suspects.told = make([]atomic.Bool, len(e.handlers))
	for i, h := range e.handlers {
		e.fronts[i] = e.protocol.appendFront(nil, h.Event)
	}
}

// chain returns the interceptors around the way to the handler; nil if there
// are none.
func (e *Endpoint) chain() Next {
	all := slices.Concat(e.global.around, e.opts.Interceptors)
	if len(all) == 0 {
		return nil
	}
	next := Next(arrive)
	for _, i := range slices.Backward(all) {
		next = i(next)
	}
	return next
}

// once joins lists of guards. A guard that is in several runs where it came
// first. Guards that cannot be compared are different.
func once[G any](lists ...[]G) []G {
	var out []G
	for _, list := range lists {
		for _, g := range list {
			if !slices.ContainsFunc(out, func(h G) bool { return steady.Same(g, h) }) {
				out = append(out, g)
			}
		}
	}
	return out
}

// wildcards returns the names in a ServeMux pattern: {id}, {rest...}.
func wildcards(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok && name != "$}" {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}

// protocolOf returns the protocol that a Spec names.
func protocolOf(spec *Spec) protocol {
	switch spec.Protocol {
	case "", "events":
		return protocolEvents
	}
	panic(fmt.Sprintf("ws: %s wants the protocol %q, which this version of the runtime does not speak: update the module", spec.Gateway, spec.Protocol))
}
