package model

import "go/token"

// Contract is the API of a program as its clients see it: events, and data by
// its JSON. Nothing of Go is in it but names, for outputs that are Go. It is
// made only for a run that has an output which asks for it.
//
// Everything is in the order in which it is first used, by gateways as they
// stand, so that an output does not move when something unrelated does.
type Contract struct {
	Gateways   []*Facade
	Registries []*Registry
	Defs       []*Def    // declared types, by first use
	Codes      []ErrCode // of the program's own, by code
}

// Facade is a gateway as its clients see it.
type Facade struct {
	Package  PackageRef
	Gateway  *Gateway // its name, path and guards
	Doc      Doc
	Registry *Registry
	Calls    []*Call
}

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
	In      Data
	Out     *Shape // the reply, or each item of a stream; nil: an empty reply
	Stream  bool
}

// Data is what a client sends with a call.
type Data struct {
	Form    DataForm
	Shape   *Shape    // DataWhole, DataNullable
	Members []*Member // DataScalar, DataObject
}

// Registry is a *ws.Server, or a namespace, with what is pushed to its clients.
type Registry struct {
	Go     string // import path and name; "" is *ws.Server
	Pushes []*Pushed
}

// Pushed is an event that clients of a registry get. Several interfaces may push
// it, each its own data.
type Pushed struct {
	Event string
	Doc   Doc
	Data  []*Shape // a union of these, each once; nil is null
}

// Def is a declared type.
type Def struct {
	Name    string // unique in the contract
	Go      string // chat.Line, page.Page[chat.Line]
	Doc     Doc
	Shape   *Shape // never a reference
	In, Out bool   // clients send it, get it
}

// ErrCode is a code that the program may refuse a call with.
type ErrCode struct {
	Code string
	Go   string // chat.CodeBanned
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
	Pos      token.Position
}

// Value is one value of an enum.
type Value struct {
	Go   string // the constant's name
	Text string // of a string
	Int  string // of an integer, in decimal
	Doc  Doc
}
