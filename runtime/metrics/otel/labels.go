package wsotel

import (
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The attributes that are ours, and a short name for one that is not.
const (
	gatewayKey = attribute.Key("wsgen.gateway")
	eventKey   = attribute.Key("wsgen.event")
	codeKey    = attribute.Key("wsgen.code")
	closeKey   = attribute.Key("wsgen.close.code")
	changeKey  = attribute.Key("wsgen.cluster.change")
	remoteKey  = attribute.Key("wsgen.close.remote")
	statusKey  = semconv.RPCResponseStatusCodeKey
)

// These stand for values that would be too many: events that nobody declared, and
// codes that peers or programs make up.
const (
	unknownEvent = "_unknown"
	otherCode    = "_other"
)

// nodeLeft is the change of a cluster that a node has gone and said so, beside those of
// ws.ClusterChange.
const nodeLeft = "node_left"

// mostCodes is how many codes of a program's own the metrics tell apart, and
// longestCode how many bytes such a code has. One that makes them up, with an id
// inside for example, must cost neither memory nor series.
const (
	mostCodes   = 32
	longestCode = 64
)

// table holds what is made once for each key. It is read without a lock, and
// without memory: an interface of a key, which sync.Map wants, would cost some.
type table[K comparable, V any] struct {
	make func(K) V
	rows atomic.Pointer[map[K]V] // the map is never changed

	mu sync.Mutex // held while another one is made
}

// of returns the row of a key.
func (t *table[K, V]) of(key K) V {
	if v, ok := t.find(key); ok {
		return v
	}
	return t.add(key)
}

func (t *table[K, V]) find(key K) (v V, ok bool) {
	if rows := t.rows.Load(); rows != nil {
		v, ok = (*rows)[key]
	}
	return v, ok
}

func (t *table[K, V]) add(key K) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, ok := t.find(key); ok {
		return v
	}
	rows := map[K]V{}
	if old := t.rows.Load(); old != nil {
		rows = maps.Clone(*old)
	}
	v := t.make(key)
	rows[key] = v
	t.rows.Store(&rows)
	return v
}

// codeSet is the codes that the metrics tell apart: wsgen's own, and the first others
// that come.
type codeSet struct {
	rows table[ws.Code, ws.Code]

	mu   sync.Mutex
	more int // others; guarded by mu
}

// of returns a code as an attribute has it.
func (s *codeSet) of(code ws.Code) ws.Code {
	if known, ok := s.rows.find(code); ok {
		return known
	}
	if len(code) > longestCode || !utf8.ValidString(string(code)) || !s.admits(code) {
		return otherCode
	}
	return s.rows.of(code)
}

// admits counts a code that is not wsgen's. One that two goroutines bring at once may
// count twice.
func (s *codeSet) admits(code ws.Code) bool {
	if isOurs(code) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more == mostCodes {
		return false
	}
	s.more++
	return true
}

// isOurs reports whether wsgen itself uses a code.
func isOurs(code ws.Code) bool {
	switch code {
	case ws.CodeBadFrame, ws.CodeUnknownEvent, ws.CodeInvalidPayload, ws.CodeValidationFailed,
		ws.CodeUnauthenticated, ws.CodeForbidden, ws.CodeNotFound, ws.CodeConflict, ws.CodeRateLimited,
		ws.CodeTimeout, ws.CodeCanceled, ws.CodeTooLarge, ws.CodeUnavailable, ws.CodeInternal:
		return true
	}
	return false
}

// gateway is what the metrics and spans of a gateway have in common.
type gateway struct {
	events table[string, *event]
	closed table[closeLabels, []metric.AddOption]
	adds   []metric.AddOption // of its connections
	record []metric.RecordOption
}

// event is an event of a gateway that has a handler.
type event struct {
	name     string
	method   string               // as rpc.method, and the name of spans
	attrs    []attribute.KeyValue // of spans, at their start
	codes    *codeSet
	handled  []metric.RecordOption // for messages that were not refused
	outcomes table[ws.Code, []metric.RecordOption]
}

func (m *metrics) newGateway(name string) *gateway {
	of := metric.WithAttributeSet(attribute.NewSet(gatewayKey.String(name)))
	g := &gateway{adds: []metric.AddOption{of}, record: []metric.RecordOption{of}}
	g.events.make = func(event string) *event { return m.newEvent(name, event) }
	g.closed.make = func(how closeLabels) []metric.AddOption {
		code := otherCode
		if how.code != 0 {
			code = strconv.Itoa(int(how.code))
		}
		set := attribute.NewSet(gatewayKey.String(name), closeKey.String(code), remoteKey.Bool(how.remote))
		return []metric.AddOption{metric.WithAttributeSet(set)}
	}
	return g
}

func (m *metrics) newEvent(gateway, name string) *event {
	e := &event{name: name, method: gateway + "/" + name, codes: &m.codes}
	e.attrs = []attribute.KeyValue{
		semconv.RPCSystemNameKey.String("wsgen"), semconv.RPCMethod(e.method),
		gatewayKey.String(gateway), eventKey.String(name),
	}
	e.outcomes.make = func(code ws.Code) []metric.RecordOption {
		// No more than the conventions want, whose rpc.method has gateway and
		// event: the SDK looks at each attribute at each message.
		attrs := append([]attribute.KeyValue{statusKey.String(string(code))}, e.attrs[:2]...)
		if code == ws.CodeInternal {
			attrs = append(attrs, semconv.ErrorTypeKey.String(string(code)))
		}
		return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	}
	e.handled = e.outcomes.make(codeOf(nil))
	return e
}

// outcome returns the attributes of a message that was handled, or refused.
func (e *event) outcome(refusal *ws.Error) []metric.RecordOption {
	if refusal == nil {
		return e.handled
	}
	return e.outcomes.of(e.codes.of(refusal.Code))
}
