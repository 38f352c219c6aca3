package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/token"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
)

// listing is what list prints, as -json prints it.
type listing struct {
	Gateways []listedGateway `json:"gateways"`
	Pushes   []listedPush    `json:"pushes"`
	Asks     []listedAsk     `json:"asks"`
	// Mistakes are those of the run, as -format=json prints them elsewhere.
	Mistakes json.RawMessage `json:"mistakes,omitempty"`
}

// listedPackage is an import path.
type listedPackage string

type listedGateway struct {
	Package   listedPackage   `json:"package"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	Namespace string          `json:"namespace,omitempty"`
	Protocol  string          `json:"protocol"`
	State     string          `json:"state,omitempty"`
	Guards    []string        `json:"guards"`
	Posture   string          `json:"posture"`
	Position  string          `json:"position"`
	Handlers  []listedHandler `json:"handlers"`
}

type listedHandler struct {
	Event string `json:"event"`
	// Data are the members of data, or, if Whole, data itself.
	Data    []listedParam `json:"data"`
	Whole   bool          `json:"whole"`
	Reply   string        `json:"reply,omitempty"`
	Stream  bool          `json:"stream"`
	Mode    string        `json:"mode"`
	Timeout string        `json:"timeout,omitempty"`
	Guards  []string      `json:"guards"`
	Posture string        `json:"posture"`
	// Errors are the codes that it declares; absent: it does not say which.
	Errors   []string `json:"errors,omitzero"`
	Method   string   `json:"method"`
	Position string   `json:"position"`
}

type listedParam struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Optional bool   `json:"optional"`
}

type listedPush struct {
	Package   listedPackage  `json:"package"`
	Name      string         `json:"name"`
	Namespace string         `json:"namespace,omitempty"`
	History   *listedHistory `json:"history,omitempty"`
	Events    []listedEvent  `json:"events"`
}

type listedHistory struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	TTL  string `json:"ttl"`
}

type listedEvent struct {
	Event    string `json:"event"`
	Data     string `json:"data,omitempty"`
	Kept     bool   `json:"kept,omitempty"`
	Presence bool   `json:"presence,omitempty"`
	Method   string `json:"method"`
	Position string `json:"position"`
}

type listedAsk struct {
	Package   listedPackage    `json:"package"`
	Name      string           `json:"name"`
	Namespace string           `json:"namespace,omitempty"`
	Events    []listedQuestion `json:"events"`
}

type listedQuestion struct {
	Event    string `json:"event"`
	Data     string `json:"data,omitempty"`
	Answer   string `json:"answer,omitempty"`
	Method   string `json:"method"`
	Position string `json:"position"`
}

// short is the package as it stands before a name.
func (p listedPackage) short() string { return path.Base(string(p)) + "." }

// The postures: whether something says who may send an event.
const (
	postureGuarded = "guarded"
	posturePublic  = "public" // //ws:public: open on purpose
	postureOpen    = "open"   // open, and nothing says that this is meant
)

// lister makes a listing; dir is what positions are relative to.
type lister struct {
	dir    string
	global map[*model.Gateway][]string // guards of the applications that serve it
}

func newListing(program *model.Program, dir string) listing {
	l := lister{dir, map[*model.Gateway][]string{}}
	out := listing{Gateways: []listedGateway{}, Pushes: []listedPush{}, Asks: []listedAsk{}}
	open := map[*model.Gateway]bool{} // by an application that asks nothing
	apps := slices.Clone(program.Elsewhere)
	for _, p := range program.Packages {
		if p.App != nil {
			apps = append(apps, p.App)
		}
	}
	for _, app := range apps {
		all := append(guards(app.ConnGuards), guards(app.MessageGuards)...)
		for _, g := range app.Gateways {
			l.global[g.Gateway] = append(l.global[g.Gateway], all...)
			open[g.Gateway] = open[g.Gateway] || len(all) == 0
		}
	}
	maps.DeleteFunc(l.global, func(g *model.Gateway, _ []string) bool { return open[g] })
	for _, p := range program.Packages {
		for _, g := range p.Gateways {
			out.Gateways = append(out.Gateways, l.gateway(p, g))
		}
		for _, push := range p.Pushes {
			out.Pushes = append(out.Pushes, l.push(p, push))
		}
		for _, ask := range p.Asks {
			out.Asks = append(out.Asks, l.ask(p, ask))
		}
	}
	return out
}

func (l lister) gateway(p *model.Package, g *model.Gateway) listedGateway {
	all := append(append(l.global[g], guards(g.ConnGuards)...), guards(g.MessageGuards)...)
	out := listedGateway{
		Package: listedPackage(p.Path), Name: g.Name, Path: g.Path, Namespace: optionalType(g.Namespace),
		Protocol: "events", State: optionalType(g.State), Guards: distinct(all), Position: l.position(g.Pos),
		Posture: posture(len(all) > 0, g.Public), Handlers: []listedHandler{},
	}
	if g.Protocol != "" {
		out.Protocol = g.Protocol
	}
	for _, h := range g.Handlers {
		out.Handlers = append(out.Handlers, l.handler(h, len(all) > 0, g.Public))
	}
	return out
}

func (l lister) handler(h *model.Handler, guarded, public bool) listedHandler {
	out := listedHandler{
		Event: h.Event, Method: h.Method, Position: l.position(h.Pos), Data: []listedParam{},
		Whole: h.Data == model.DataWhole || h.Data == model.DataNullable,
		Reply: optionalType(h.Result), Stream: h.Stream != model.StreamNone, Mode: mode(h.Mode),
		Guards:  guards(h.Guards),
		Posture: posture(guarded || len(h.Guards) > 0, public || h.Public),
	}
	if out.Stream {
		out.Reply = typeText(streamed(*h.Result))
	}
	if h.Timeout > 0 {
		out.Timeout = h.Timeout.Round(time.Microsecond).String()
	}
	if h.Closed {
		out.Errors = []string{}
	}
	for _, e := range h.Errors {
		out.Errors = append(out.Errors, e.Code)
	}
	for _, p := range h.Params {
		if p.Role == model.RoleData {
			out.Data = append(out.Data, listedParam{p.Name, typeText(p.Type), p.Optional})
		}
	}
	return out
}

func (l lister) push(p *model.Package, push *model.Push) listedPush {
	out := listedPush{
		Package: listedPackage(p.Path), Name: push.Name, Namespace: optionalType(push.Namespace), Events: []listedEvent{},
	}
	if h := push.History; h != nil {
		out.History = &listedHistory{h.Name, h.Size, h.TTL.String()}
	}
	for _, m := range push.Methods {
		e := listedEvent{Event: m.Event, Kept: m.Kept, Presence: m.Presence != nil, Method: m.Name, Position: l.position(m.Pos)}
		if m.Param != nil {
			e.Data = typeText(m.Param.Type)
		}
		out.Events = append(out.Events, e)
	}
	return out
}

func (l lister) ask(p *model.Package, ask *model.Ask) listedAsk {
	out := listedAsk{
		Package: listedPackage(p.Path), Name: ask.Name, Namespace: optionalType(ask.Namespace), Events: []listedQuestion{},
	}
	for _, m := range ask.Methods {
		q := listedQuestion{Event: m.Event, Answer: optionalType(m.Result), Method: m.Name, Position: l.position(m.Pos)}
		if m.Param != nil {
			q.Data = typeText(m.Param.Type)
		}
		out.Events = append(out.Events, q)
	}
	return out
}

func (l lister) position(p token.Position) string {
	return fmt.Sprintf("%s:%d:%d", filepath.ToSlash(output.Relative(l.dir, p.Filename)), p.Line, p.Column)
}

func posture(guarded, public bool) string {
	switch {
	case guarded:
		return postureGuarded
	case public:
		return posturePublic
	}
	return postureOpen
}

func mode(m model.Mode) string {
	switch m {
	case model.Serial:
		return "serial"
	case model.Parallel:
		return "parallel"
	}
	return "inline"
}

func guards(refs []*model.GuardRef) []string {
	names := []string{}
	for _, r := range refs {
		names = append(names, typeText(r.Type))
	}
	return names
}

// distinct leaves out repeated names: a guard may be of both kinds.
func distinct(names []string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			out = append(out, n)
		}
		seen[n] = true
	}
	return out
}

// write prints the listing for a program.
func (l listing) write(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(l)
}

// withMistakes is write, with the mistakes as a part of the object: a program gets
// one document to read.
func (l listing) withMistakes(w io.Writer, list diag.List, dir string) error {
	var text bytes.Buffer
	if err := diag.JSON(&text, list, dir); err != nil {
		return err
	}
	l.Mistakes = text.Bytes()
	return l.write(w)
}
