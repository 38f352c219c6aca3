package model

import "go/token"

// Selection says which gateways a Contract is about.
type Selection struct {
	// App is the folder of an application, from the module's root (./cmd/live), or
	// its import path. "" is the only application of the module, or all gateways if
	// there is none.
	App string
	// Only are the paths of gateways, separated by spaces; "" is all of them.
	Only string
}

// Contract is the API of a program as its clients see it: events, and data by
// its JSON. What it has of Go, names and how a field is declared, is for outputs
// that are Go. It is made only for a run that has an output which asks for it.
//
// Everything is in the order in which it is first used, by gateways as they
// stand, so that an output does not move when something unrelated does.
type Contract struct {
	Selection
	App   PackageRef // the application's package; the zero value: there is none
	Title string     // the application's package, or the last part of the module's path
	Doc   Doc        // of the application's package clause
	Root  string     // the module's folder, absolute
	// ConnGuards and MessageGuards are the application's, which are asked for all of
	// its gateways, in source order.
	ConnGuards    []*GuardRef
	MessageGuards []*GuardRef
	Gateways      []*Facade
	Registries    []*Registry
	Defs          []*Def    // declared types, by first use
	Codes         []ErrCode // of the program's own, by code
}

// Facade is a gateway as its clients see it.
type Facade struct {
	Package  PackageRef
	Gateway  *Gateway // its name, path and guards
	Name     string   // unique in the contract: Chat
	Doc      Doc
	Path     []Segment
	Access   Access
	Registry *Registry
	Calls    []*Call
	Digest   string // of all that its clients rely on: 12 letters and digits
}

// Segment is a part of a gateway's path.
type Segment struct {
	Text     string // literal, with its slashes
	Wildcard string // or the name of a wildcard
	Rest     bool   // the wildcard takes the rest of the path: {name...}
}

// Access says whether something says who may send an event.
type Access uint8

// The kinds of access.
const (
	Open    Access = iota // to everybody, and nothing says that this is meant
	Public                // to everybody, on purpose
	Guarded               // to those whom a guard lets in
)

// Doc is what a declaration's comment says, without its directives.
type Doc struct {
	Text       string
	Deprecated string // the paragraph that begins so; "" is none
}

// Call is a handler.
type Call struct {
	Event   string
	Doc     Doc
	Handler *Handler // its guards and name
	Access  Access
	In      Data
	Out     *Shape // the reply, or each item of a stream; nil: an empty reply
	Stream  bool
	// Errors are the codes that it may be refused with besides those that every call
	// may be, sorted. Closed says that there are no others.
	Errors   []string
	Closed   bool
	Examples []string // values of its data, as JSON
}

// Data is what a client sends with a call.
type Data struct {
	Form    DataForm
	Shape   *Shape    // DataWhole, DataNullable
	Members []*Member // DataScalar, DataObject
}

// Registry is a *ws.Server, or a namespace, with what is pushed to its clients and
// asked of them. A client of a gateway hears all of the gateway's registry.
type Registry struct {
	Go     string // import path and name; "" is *ws.Server
	Name   string // unique in the contract: Server
	Pushes []*Pushed
	Asks   []*Asked
}

// Pushed is an event that clients of a registry get. Several interfaces may push
// it, each its own data.
type Pushed struct {
	Event string
	Doc   Doc
	Data  []*Shape // a union of these, each once; nil is null
	// Kept says that some interface keeps it: frames of it may have the members log
	// and at, and clients may follow it.
	Kept bool
}

// Asked is a question that a client of a registry is asked. Several interfaces may
// ask it, each with its own data and answer.
type Asked struct {
	Event string
	Doc   Doc
	In    []*Shape // what comes with it: a union of these, each once; nil is null
	Out   []*Shape // what is answered: a union of these, each once; nil is a bare answer
}

// Def is a declared type.
type Def struct {
	Name string // unique in the contract
	// Input names what clients send where that differs from what they get: as of
	// all that is decoded, no member needs to be there. "" if it does not differ, or
	// goes one way only.
	Input string
	Go    string // chat.Line, page.Page[chat.Line]
	Doc   Doc
	Shape *Shape // what it is both ways, never a reference
	// Sent is what the server sends, and Taken what it reads. One of them is nil if
	// the type goes one way only.
	Sent, Taken *Shape
	Examples    []string // values of it, as JSON
}

// ErrCode is a code that the program may refuse a call with: an exported constant of
// an annotated package, or what some //ws:errors names.
type ErrCode struct {
	Code string
	Go   string // chat.CodeBanned; "" is no constant
	Doc  Doc
}

// Shape is what a Go type is in JSON.
type Shape struct {
	Kind ShapeKind
	Null bool // null is a value, too
	// Format tells more: date-time, byte; of an integer int8 to uint64; of a number
	// float or double.
	Format string
	Quoted bool      // by the option string of a tag: the value stands in a string
	Elem   *Shape    // ShapeArray, ShapeMap, ShapeTuple
	Len    int64     // ShapeTuple
	Key    *Shape    // ShapeMap
	Fields []*Member // ShapeObject, in its order
	Values []Value   // ShapeEnum, in the order of the source
	Def    *Def      // ShapeRef
	// Go is the type of the standard library that it comes of, and that Go has for
	// it: time.Time, time.Duration, json.Number, json.RawMessage, big.Int. "" is none.
	// What writes its own JSON, and nothing is known of, is a json.RawMessage.
	Go string
}

// ShapeKind is the form of a Shape.
type ShapeKind uint8

// The kinds of shapes.
const (
	ShapeAny ShapeKind = iota // anything, and nothing is known of it
	ShapeBool
	ShapeString
	ShapeInteger
	ShapeNumber
	ShapeArray
	ShapeTuple // an array of one length
	ShapeMap
	ShapeObject
	ShapeEnum
	ShapeRef
)

// Member is one member of an object.
type Member struct {
	Name, Go string // in JSON, in Go
	Doc      Doc
	Shape    *Shape
	Optional bool // it may be absent from what the server sends
	Required bool // its absence is refused by the server
	Rules    Rules
	Pos      token.Position

	Pointer   bool // in Go it is a pointer
	OmitEmpty bool // its tag in Go says omitempty
	OmitZero  bool // its tag in Go says omitzero
}

// Rules are what a validate tag says of a member that clients send. They tell
// people and forms what is expected; wsgen checks nothing by them. A bound is a
// number as it stands in the tag; "" is none.
type Rules struct {
	Min, Max       string   // of a number
	Above, Below   string   // of a number: greater, less than
	MinLen, MaxLen string   // of a string in characters, of a list or an object in members
	Format         string   // of a string: email, uri, uuid
	OneOf          []string // of a string or a number
}

// Value is one value of an enum.
type Value struct {
	Go   string // the constant's name
	Text string // of a string
	Int  string // of an integer, in decimal
	Doc  Doc
}

// Any reports whether there is a rule.
func (r Rules) Any() bool {
	return r.Min+r.Max+r.Above+r.Below+r.MinLen+r.MaxLen+r.Format != "" || len(r.OneOf) > 0
}
