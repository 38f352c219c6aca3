package ws

import (
	"maps"
	"slices"
)

// configured returns the options of a gateway: the Server's, as its Configure
// changes them.
func (s *Server) configured(spec Spec) Options {
	if spec.Configure == nil {
		return s.opts
	}
	o := s.given
	// The gateway may write to these.
	o.Origins, o.Interceptors, o.EventRates = slices.Clone(o.Origins), slices.Clone(o.Interceptors), maps.Clone(o.EventRates)
	spec.configure(&o)
	for _, name := range o.keepServers(&s.given) {
		s.log.Error("ws: a gateway cannot configure this option, only NewServer can", "gateway", spec.Gateway, "option", name)
	}
	s.complainOf(&spec, &o)
	return o.resolved()
}

// keepServers gives the fields that are not a gateway's the Server's values
// again, and returns the names of those that had others.
func (o *Options) keepServers(of *Options) (changed []string) {
	keep(&o.Logger, of.Logger, "Logger", &changed)
	keep(&o.MaxConnections, of.MaxConnections, "MaxConnections", &changed)
	keep(&o.MaxConnectionsPerAddr, of.MaxConnectionsPerAddr, "MaxConnectionsPerAddr", &changed)
	keep(&o.OutboxTotalBytes, of.OutboxTotalBytes, "OutboxTotalBytes", &changed)
	keep(&o.ResumeTotalBytes, of.ResumeTotalBytes, "ResumeTotalBytes", &changed)
	keep(&o.MaxDetached, of.MaxDetached, "MaxDetached", &changed)
	keep(&o.PrincipalRate, of.PrincipalRate, "PrincipalRate", &changed)
	keep(&o.CompressAbove, of.CompressAbove, "CompressAbove", &changed)
	keep(&o.ShutdownDelay, of.ShutdownDelay, "ShutdownDelay", &changed)
	keep(&o.ShutdownSpread, of.ShutdownSpread, "ShutdownSpread", &changed)
	if (o.ClientAddr == nil) != (of.ClientAddr == nil) { // functions do not compare
		changed = append(changed, "ClientAddr")
	}
	if !o.Cluster.same(of.Cluster) {
		changed = append(changed, "Cluster")
	}
	o.Observer, o.ClientAddr, o.Cluster = of.Observer, of.ClientAddr, of.Cluster
	return changed
}

func keep[T comparable](field *T, of T, name string, changed *[]string) {
	if *field != of {
		*field = of
		*changed = append(*changed, name)
	}
}

// complainOf is complain for the options that a gateway has configured.
// Problems of the Server's options were logged by NewServer, and do not come
// again.
func (s *Server) complainOf(spec *Spec, o *Options) {
	var own []problem
	told := s.given.problems()
	for _, p := range o.problems() {
		if !slices.Contains(told, p) {
			own = append(own, p)
		}
	}
	rates := maps.Clone(o.EventRates)
	maps.DeleteFunc(rates, func(event string, of Rate) bool {
		given, is := s.given.EventRates[event]
		return is && given == of
	})
	s.complain(spec.Gateway, append(own, strayRates(rates, eventsOf(spec.Handlers), "the gateway does not")...))
}

// eventsOf returns the names of the events of handlers.
func eventsOf(handlers []Handler) (names []string) {
	for i := range handlers {
		names = append(names, handlers[i].Event)
	}
	return names
}
