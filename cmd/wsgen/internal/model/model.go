// Package model is a program's WebSocket API as data: what resolve found in
// the user's source, and all that an emitter may look at. It knows neither
// go/ast nor go/types, so an output cannot depend on how its input was read.
//
// It has three parts: model.go has the declarations, golang.go has what only Go
// outputs need, and contract.go has the API as clients in any language see it.
//
// Everything is in a stable order: packages by import path, the rest as it
// stands in the source.
package model

import (
	"go/token"
	"time"
)

// RuntimePath is the import path of the runtime, and RuntimeName the name that
// generated and hand-written code import it by.
const (
	RuntimePath = "github.com/wsgen/wsgen/runtime"
	RuntimeName = "ws"
)

// Program is everything one run of wsgen generates code for.
type Program struct {
	Packages []*Package
	// Served are packages that were not asked for, and that an application among
	// Packages is built from: it is not up to date if they are not. Their files are
	// made, too, and what somebody else has made for them stays.
	Served []*Package
	// Elsewhere are the applications of packages that were not asked for. Their
	// guards hold for gateways here, too. Nothing is generated for them.
	Elsewhere []*App
	// Contracts are the API as clients see it, one for each selection that an output
	// asks for, in the order in which they do. That of an application which the run
	// does not cover is not among them.
	Contracts []*Contract
	// Uncovered are the contracts of applications that the run does not cover. No
	// output is made of them, and none if any package of theirs has mistakes. But what
	// gateways say of their contract does not depend on what a run covers.
	Uncovered []*Contract
}

// Package is one Go package with at least one directive.
type Package struct {
	Path string // import path
	Name string // package name
	GoPackage

	Gateways   []*Gateway
	Namespaces []*Namespace
	Pushes     []*Push
	Asks       []*Ask

	// Guards are the guard types this package declares itself and some
	// gateway, handler or application of the program uses: it provides them.
	Guards []*Guard

	App *App // nil: no //ws:app here
}

// Gateway is a struct type marked //ws:gateway.
type Gateway struct {
	Pos  token.Position
	Name string // type name in its package
	Path string // effective ServeMux path, version included: /v1/chat

	// Namespace is the registry the gateway is bound to; nil is *ws.Server.
	Namespace *TypeRef
	Protocol  string // "" is events
	// Contract is the digest of what clients of it rely on; "" if no output tells of
	// it, or if several do, of applications in which it is not the same.
	Contract string

	GoGateway

	Handlers   []*Handler
	Connect    *Hook // nil: none
	Disconnect *Hook
	Configure  *Hook    // takes *ws.Options and nothing else
	State      *TypeRef // the connection's own state type, always used as a pointer; nil: none

	// ConnGuards and MessageGuards are those of the whole gateway, in source order.
	// A type may be of both kinds.
	ConnGuards    []*GuardRef
	MessageGuards []*GuardRef
	Public        bool
}

// Handler is a method marked //ws:subscribe.
type Handler struct {
	Pos    token.Position
	Event  string
	Method string
	GoHandler
	Params []Param // all of the method's parameters, in its order
	Data   DataForm

	// Result is the type a reply carries, or the stream of them; nil: none. Err
	// says that the method's last result is an error.
	Result *TypeRef
	Stream Stream
	Err    bool

	Mode    Mode
	Timeout time.Duration // 0: none; never of an Inline handler
	Max     int           // of a Parallel handler; 0: the runtime's default
	Guards  []*GuardRef   // message guards of this handler alone, in source order
	Public  bool

	// Closed says that it refuses with no codes but Errors and those that every call
	// may be refused with. Errors are by code, each once.
	Closed bool
	Errors []Refusal
}

// Refusal is a code that a handler declares.
type Refusal struct {
	Code  string
	Const *Const // the constant that has it; nil: none of the program's that its gateway's package may name
}

// Hook is a method marked //ws:connect, //ws:disconnect or //ws:configure.
type Hook struct {
	Pos    token.Position
	Method string
	Params []Param

	// State says that a connect hook returns *State or (*State, error), and Err that
	// its last result is an error. The other hooks return nothing.
	State bool
	Err   bool
}

// Param is one parameter of a handler or hook.
type Param struct {
	Role Role
	Name string  // as declared; "" or "_" only where the role is not Data
	Type TypeRef // as declared
	// Optional is true for a Data parameter that may be absent: a pointer.
	Optional bool
	GoParam
}

// Stream is the form in which a handler returns many values.
type Stream uint8

// The forms of streams.
const (
	StreamNone Stream = iota // one value
	StreamSeq                // iter.Seq[T]
	StreamSeq2               // iter.Seq2[T, error]
	StreamChan               // <-chan T
)

// Role says where an argument comes from.
type Role uint8

// The roles of parameters.
const (
	RoleData    Role = iota // the payload, or one named part of it
	RoleContext             // context.Context
	RoleClient              // *ws.Client
	RoleSender              // ws.Sender
	RoleState               // the gateway's state, a pointer
	RoleRequest             // *http.Request, connect hook only
	RoleClosed              // ws.Closed, disconnect hook only
	RoleOptions             // *ws.Options, configure hook only
)

// DataForm says how a frame's data becomes the Data parameters.
type DataForm uint8

// The forms of data.
const (
	DataNone     DataForm = iota // no Data parameter: data is ignored
	DataWhole                    // one Data parameter is the whole of data; null is refused
	DataNullable                 // as DataWhole, and null is a value of it
	DataScalar                   // one named scalar: {"name": v}, or v alone
	DataObject                   // named parameters: {"a": …, "b": …}
)

// Mode is how a handler is run; the names are those of the runtime.
type Mode uint8

// The modes (docs/guide/messages.md, "Order").
const (
	Inline Mode = iota
	Serial
	Parallel
)

// GuardRef is the use of a guard.
type GuardRef struct {
	Pos  token.Position
	Name string // as written in the directive, without package: Authn
	GoGuard
}

// Namespace is a struct type marked //ws:namespace that embeds *ws.Server.
type Namespace struct {
	Pos      token.Position
	Name     string
	Provider Provider // ProviderGenerated: wsgen writes New<Name>(ws.Options) *Name
}

// Push is an interface type marked //ws:push.
type Push struct {
	Pos       token.Position
	Name      string
	Namespace *TypeRef // nil is *ws.Server
	History   *History // nil: nothing is kept
	Methods   []*PushMethod
	GoPush
}

// History is what is kept of a push interface, for each room and user.
type History struct {
	Name string // the same on all nodes: chat.Events
	Size int    // messages
	TTL  time.Duration
}

// PushMethod is one outbound event.
type PushMethod struct {
	Pos   token.Position
	Name  string
	Event string
	Param *Param // nil: data is null
	// Count and Err say which of the results (int, error) it has, in that order.
	Count bool
	Err   bool
	Kept  bool // in the interface's history
	// Presence is who it tells of; nil: it is a push like others. An interface has one
	// method with it at most.
	Presence *People
}

// People is how clients are told who is in a room.
type People struct {
	Linger time.Duration
	Max    int // people; 0: any number
	Room   bool
	Meta   TypeRef  // what is told of each connection
	Codec  CodecRef // reads and writes that
}

// Presence returns the method that tells who is in a room; nil: there is none.
func (p *Push) Presence() *PushMethod {
	for _, m := range p.Methods {
		if m.Presence != nil {
			return m
		}
	}
	return nil
}

// Ask is an interface type marked //ws:ask.
type Ask struct {
	Pos       token.Position
	Name      string
	Namespace *TypeRef // nil is *ws.Server
	Methods   []*AskMethod
	GoAsk
}

// AskMethod is one question. Its method takes a context first, and returns an error
// last.
type AskMethod struct {
	Pos    token.Position
	Name   string
	Event  string
	Param  *Param   // nil: data is null
	Result *TypeRef // the answer; nil: a bare one
	GoAskMethod
}

// App is a package clause marked //ws:app.
type App struct {
	Pos token.Position
	// Gateways are all that the application serves, by import path, then source.
	Gateways []AppGateway
	// Sets are the import paths of the annotated packages whose WireSet joins,
	// the application's own package excluded.
	Sets []PackageRef
	// ConnGuards and MessageGuards are those of all its gateways, in source order.
	ConnGuards    []*GuardRef
	MessageGuards []*GuardRef
	// Foreign are the foreign guards of the whole application, each once, that
	// no joined WireSet provides.
	Foreign []*GuardRef
}

// PackageRef names a package that generated code imports.
type PackageRef struct{ Path, Name string }

// AppGateway is a gateway as the application sees it.
type AppGateway struct {
	Package PackageRef
	Gateway *Gateway
}
