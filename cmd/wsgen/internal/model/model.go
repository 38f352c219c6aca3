// Package model is a program's WebSocket API as data: what resolve found in
// the user's source, and all that an emitter may look at. It knows neither
// go/ast nor go/types, so an output cannot depend on how its input was read.
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
	// Elsewhere are the applications of packages that were not asked for: what
	// they ask, they ask of gateways here, too. Nothing is generated for them.
	Elsewhere []*App
}

// Package is one Go package with at least one directive.
type Package struct {
	Path string // import path
	Name string // package name
	Dir  string // absolute directory that its generated files go to

	// Scope lists every identifier of the package's scope, sorted, without
	// those that wsgen itself generates. Generated imports, and locals that
	// would shadow, stay clear of them.
	Scope []string
	// TestScope lists what the package's tests declare beside it, sorted: no
	// import and no declaration of generated code can have these names either.
	TestScope []string

	Gateways   []*Gateway
	Namespaces []*Namespace
	Pushes     []*Push

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

	Provider Provider

	Handlers   []*Handler
	Connect    *Hook // nil: none
	Disconnect *Hook
	Configure  *Hook    // takes *ws.Options and nothing else
	State      *TypeRef // the connection's own state type, always used as a pointer; nil: none

	// Through are the embedded pointers that methods are promoted through, as
	// selectors behind the gateway: a nil one would panic in the first call.
	Through []string

	// Guards of the whole gateway, in source order; a type may be of both kinds.
	ConnGuards    []*GuardRef
	MessageGuards []*GuardRef
	Public        bool
}

// Handler is a method marked //ws:subscribe.
type Handler struct {
	Pos    token.Position
	Event  string
	Const  *Const // the constant that names the event; nil: none that its gateway's package may name
	Method string
	Params []Param // all of the method's parameters, in its order
	Data   DataForm

	// Result is the type a reply carries, or the stream of them; nil: none. Err
	// says that the method's last result is an error.
	Result     *TypeRef
	ResultFlat *Flat // how generated code writes it
	Stream     Stream
	Err        bool

	Mode    Mode
	Timeout time.Duration // 0: none; never of an Inline handler
	Max     int           // of a Parallel handler; 0: the runtime's default
	Guards  []*GuardRef   // message guards of this handler alone, in source order
	Public  bool
}

// Const is a string constant.
type Const struct {
	Package PackageRef
	Local   bool // declared in the package that uses it
	Name    string
	Typed   bool // of another type than string
}

// Hook is a method marked //ws:connect, //ws:disconnect or //ws:configure.
type Hook struct {
	Pos    token.Position
	Method string
	Params []Param

	// State says that a connect hook returns (*State, error) or *State; Err that its last result
	// is an error. The other hooks return nothing.
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
	// Flat is how generated code reads or writes the value, what Type points to
	// if Optional. Of named parameters either all have one or none has.
	Flat *Flat
	// Check says who judges a decoded value before the handler gets it.
	Check Check
	// Through are the fields to embedded pointers that Validate is promoted
	// through, as selectors behind the value: a nil one has nothing to validate.
	Through []string
}

// Check is what becomes of a decoded value.
type Check uint8

// The checks.
const (
	CheckNone     Check = iota
	CheckValidate       // the type's own Validate() error
	CheckOptions        // the validator of the server's options, if it has one
	// The first of these that there is in the build that runs: of a type that
	// another build may have otherwise.
	CheckFound         // CheckValidate or CheckOptions
	CheckFoundValidate // CheckValidate
)

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

// Guard is a guard type that its own package provides.
type Guard struct {
	Name     string
	Provider Provider
}

// GuardRef is the use of a guard. Its parameter in generated constructors is
// Type itself for an interface type, else a pointer to it.
type GuardRef struct {
	Pos  token.Position
	Name string  // as written in the directive, without package: Authn
	Type TypeRef // as the using package may name it: an alias stays the alias
	// Decl is where the type is really declared, aliases resolved, and Foreign
	// says that this is another package than the one that uses it.
	Decl      TypeRef
	Foreign   bool
	Interface bool
	// Provider of a foreign guard, found in the package that declares it; the
	// application's set provides it unless that package is annotated itself.
	Provider Provider
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
	Methods   []*PushMethod

	// OwnNew and OwnNewPush say that the package declares a fitting New<Name>,
	// New<Name>Push itself: it is not generated, and is the provider all the same.
	OwnNew     bool
	OwnNewPush bool
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
}

// App is a package clause marked //ws:app.
type App struct {
	Pos token.Position
	// Gateways are all that the application serves, by import path, then source.
	Gateways []AppGateway
	// Sets are the import paths of the annotated packages whose WireSet joins,
	// the application's own package excluded.
	Sets []PackageRef
	// Global guards, in source order.
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

// Provider says how wire, or a reader, gets a value of a type.
type Provider struct {
	Kind ProviderKind
	// Func is the constructor of ProviderFunc, in the package that declares the
	// type: NewAuthn.
	Func string
}

// ProviderKind is the rule that found a provider.
type ProviderKind uint8

// The rules, in the order they are tried.
const (
	ProviderNone      ProviderKind = iota // the user supplies it
	ProviderFunc                          // the package declares a fitting NewX
	ProviderStruct                        // exported fields only: wire.Struct(new(X), "*")
	ProviderGenerated                     // wsgen generates NewX
)
