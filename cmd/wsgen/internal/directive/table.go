package directive

import (
	"slices"
	"strings"
)

// Place is a set of places in a file where a comment can stand.
type Place uint8

// The places that some directive allows.
const (
	Type            Place = 1 << iota // a type declaration
	Method                            // a method declaration
	InterfaceMethod                   // a method of an interface type
	PackageClause                     // the package clause
)

// String names p as a message does: "a type declaration or a method".
func (p Place) String() string {
	var names []string
	for _, n := range []struct {
		p    Place
		name string
	}{
		{Type, "a type declaration"},
		{Method, "a method"},
		{InterfaceMethod, "a method of an interface"},
		{PackageClause, "a package clause"},
	} {
		if p&n.p != 0 {
			names = append(names, n.name)
		}
	}
	return either(names)
}

// either lists alternatives: "a, b or c".
func either(names []string) string {
	if len(names) > 2 {
		return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	}
	return strings.Join(names, " or ")
}

// Spec is one line of the table of directives.
type Spec struct {
	Name     string
	On       Place
	Where    string // the kind of declaration, as a message names it
	Args     string // synopsis of the positional arguments, for people
	Takes    Takes  // what they are, where more can be said of a wrong one
	Instead  string // the option that may stand in the place of the argument; one of both is needed
	Min, Max int    // how many of them; Max −1 is any number
	Options  []OptionSpec
	Repeat   bool   // may stand more than once above one declaration
	Doc      string // one line
	More     string // what the reference says beyond it
	Example  string
	Lacking  string // help where the argument is missing; "" is to write the example
	Again    string // help where it stands twice above one declaration; "" is to remove one
}

// OptionSpec is one key=value of a directive.
type OptionSpec struct {
	Name     string
	Values   []string // the values allowed; nil is any
	Reserved []string // values that wsgen knows but does not support yet
	Doc      string   // one line
}

// Takes is what the arguments of a directive are.
type Takes uint8

// The kinds of arguments.
const (
	TakesNames Takes = iota // names, codes and folders, or nothing
	TakesPath               // a path of a ServeMux
	TakesEvent              // an event
	TakesType               // a type of Go, which may have spaces
	TakesJSON               // the rest of the line, which is JSON
)

// Table returns every directive, in the order a reader meets them.
func Table() []Spec { return slices.Concat(ofGateways(), ofPrograms(), ofTypes()) }

// ofGateways are the directives of a gateway, its methods and its state.
func ofGateways() []Spec {
	return []Spec{
		{
			Name: "gateway", On: Type, Where: "a struct type", Args: "/path", Takes: TakesPath, Min: 1, Max: 1,
			Options: []OptionSpec{
				{Name: "namespace", Doc: "the //ws:namespace type whose connections these are; default: the application's Server"},
				{Name: "version", Doc: "a number; version=1 serves /v1/path"},
				{Name: "protocol", Values: []string{"events"}, Reserved: []string{"jsonrpc"}, Doc: "the wire protocol"},
				{Name: "codec", Values: []string{"std"}, Doc: "codec=std leaves all JSON to encoding/json; default: generated code reads and writes data and results, and leaves to encoding/json only what only that can do"},
			},
			Doc:     "The struct is a gateway, served at this path of a ServeMux.",
			Example: "//ws:gateway /chat",
		},
		{
			Name: "subscribe", On: Method, Where: "a method of a gateway", Args: "event", Takes: TakesEvent, Max: 1, Instead: "const",
			Options: []OptionSpec{
				{Name: "const", Doc: "a string constant that holds the event, instead of the event itself"},
				{Name: "mode", Values: []string{"inline", "serial", "parallel"}, Doc: "where the handler runs: inline on the read loop, serial beside it in order, parallel beside it at once; default: serial for a handler that takes a context, streams or is guarded, else inline"},
				{Name: "timeout", Doc: "how long the handler may take, such as 5s; its context ends then, and the answer is the error timeout"},
				{Name: "max", Doc: "how many calls of one connection may run at once in mode=parallel; default: 8"},
			},
			Doc:     "The method handles this event.",
			More:    "The event is needed, as the argument or by const=. One that has spaces or an equals sign is quoted.",
			Example: "//ws:subscribe message",
			Again:   "a method handles one event: write a second method for the other",
		},
		{
			Name: "connect", On: Method, Where: "a method of a gateway",
			Doc:     "The method runs when a connection begins.",
			Example: "//ws:connect",
		},
		{
			Name: "disconnect", On: Method, Where: "a method of a gateway",
			Doc:     "The method runs when a connection has ended.",
			Example: "//ws:disconnect",
		},
		{
			Name: "configure", On: Method, Where: "a method of a gateway",
			Doc:     "The method sets the options of this gateway: it takes *ws.Options, a copy of the server's.",
			Example: "//ws:configure",
		},
		{
			Name: "state", On: Type, Where: "a struct type",
			Doc:     "The struct is what a connection keeps: made by the connect hook, handed to handlers.",
			Example: "//ws:state",
		},
		{
			Name: "guard", On: Type | Method | PackageClause, Where: "a gateway, a handler or an application",
			Args: "Guard...", Min: 1, Max: -1, Repeat: true,
			Doc: "These guard types are asked first.",
			More: "A handler that a gateway has from one that it embeds brings the message guards of that gateway: they are asked behind those of the embedding gateway and before its own, each once. " +
				"The connection guards of the embedded gateway have to stand above the embedding one, too, or beside //ws:app; what is missing is the mistake WS140.",
			Example: "//ws:guard Authn",
			Lacking: "name the types of the guards, separated by spaces", // the example's is not the user's
		},
		{
			Name: "public", On: Type | Method, Where: "a gateway or a handler",
			Doc:     "It is open to everybody on purpose.",
			More:    "A gateway that embeds another says with it that those who may connect to it may use what comes from there; message guards come along all the same.",
			Example: "//ws:public",
		},
		{
			Name: "errors", On: Type | Method, Where: "a gateway or a handler", Args: "code...", Max: -1, Repeat: true,
			Doc: "It refuses with these codes, and with those that every call may be refused with, and with no others.",
			More: "A code is a constant of type ws.Code (`CodeBanned`, or `auth.CodeLocked` where the file imports auth), or stands as it travels (`banned`). " +
				"Above a gateway it holds for all its handlers, those that it embeds as well, besides what these declare themselves. Without a code it says that there is none.\n\n" +
				"A refusal with another code, of the handler, its guards or interceptors, travels as `internal`, and the log says what it was. " +
				"These need not be declared: " + strings.Join(EveryCall(), ", ") + ".",
			Example: "//ws:errors CodeBanned not_found",
		},
	}
}

// EveryCall returns the codes that every call may be refused with: those of package
// ws that its own refusals have.
func EveryCall() []string {
	return []string{
		"bad_frame", "unknown_event", "invalid_payload", "validation_failed", "unauthenticated", "forbidden", "rate_limited",
		"timeout", "canceled", "too_large", "unavailable", "internal",
	}
}

// ofPrograms are the directives of namespaces, pushes, asks and applications, which
// gateways share.
func ofPrograms() []Spec {
	return []Spec{
		{
			Name: "namespace", On: Type, Where: "a struct type that embeds *ws.Server",
			Doc:     "The struct is a registry of connections of its own.",
			Example: "//ws:namespace",
		},
		{
			Name: "push", On: Type, Where: "an interface type",
			Options: []OptionSpec{
				{Name: "namespace", Doc: "the //ws:namespace type it pushes to; default: the application's Server"},
			},
			Doc:     "Each method of the interface is an event that the server sends.",
			Example: "//ws:push",
		},
		{
			Name: "history", On: Type, Where: "a //ws:push interface",
			Options: []OptionSpec{
				{Name: "size", Doc: "how many messages of each room or user are kept, 1 to 10000; default: 100"},
				{Name: "ttl", Doc: "for how long, 1s to 24h; default: 5m"},
				{Name: "name", Doc: "what the history is called, of 1 to 100 letters, digits and . _ -; default: package and interface, as in chat.Events"},
			},
			Doc: "What the interface's methods marked //ws:kept push to a room or a user is kept, and clients can follow it.",
			More: "[The guide](../guide/history.md) says how. The name is the same on all nodes and in all releases that share a history: " +
				"renaming the package or the interface renames it, and clients that were away over that are told that something is missing. With the old name as `name=` nothing is.",
			Example: "//ws:history size=100 ttl=5m",
		},
		{
			Name: "ask", On: Type, Where: "an interface type",
			Options: []OptionSpec{
				{Name: "namespace", Doc: "the //ws:namespace type whose connections it asks; default: the application's Server"},
			},
			Doc:     "Each method of the interface is a question to one client, whose answer it returns.",
			More:    "A method takes a context.Context, and one value of data if it has any. It returns an error, or an answer and an error.",
			Example: "//ws:ask",
		},
		{
			Name: "event", On: InterfaceMethod, Where: "a method of a //ws:push or //ws:ask interface", Args: "event", Takes: TakesEvent, Min: 1, Max: 1,
			Doc:     "The event's name, where it is not the method's name in lowerCamel.",
			Example: "//ws:event order_done",
		},
		{
			Name: "kept", On: InterfaceMethod, Where: "a method of a //ws:push interface with //ws:history",
			Doc:     "What the method pushes to a room or a user is kept in the interface's history.",
			More:    "A push to everyone, or to connections by id, is not kept.",
			Example: "//ws:kept",
		},
		{
			Name: "presence", On: InterfaceMethod, Where: "a method of a //ws:push interface that takes ws.Present[M]",
			Options: []OptionSpec{
				{Name: "linger", Doc: "how long somebody is still shown who has gone, as 0s or more: who is back by then has never left; default: 2s"},
				{Name: "max", Doc: "of more people than this only the count is told; default: any number is told"},
				{Name: "room", Values: []string{"true", "false"}, Doc: "whether the room's name is told: it may be a secret; default: false"},
			},
			Doc: "The method's event tells clients who is in a room: everybody first, and then each change.",
			More: "M is what is told of each connection. wsgen writes `NewEventsPresence(server) ws.Presence[M]` for an interface Events, by which connections join and are seen. [The guide](../guide/presence.md) says how. " +
				"An interface has one such method. google/wire tells two in an application apart by M.",
			Example: "//ws:presence max=500",
		},
		{
			Name: "app", On: PackageClause, Where: "a package clause", Args: "[folder...]", Max: -1,
			Doc:     "The package gets one router and one provider set for the gateways of the module, or of the folders named (relative to the module's root).",
			Example: "//ws:app",
		},
	}
}

// ofTypes are the directives of types that travel.
func ofTypes() []Spec {
	return []Spec{
		{
			Name: "type", On: Type, Where: "a type that writes its own JSON", Args: "type", Takes: TakesType, Min: 1, Max: -1,
			Options: []OptionSpec{
				{Name: "format", Doc: "a format of JSON Schema, such as uuid"},
			},
			Doc:     "In JSON the type is what this Go type would be: outputs for clients say so.",
			More:    "Without it clients know nothing of what a method MarshalJSON writes. The type is one of Go's that has a form in JSON, as the file could declare it: `//ws:type [2]float64`. Nothing changes for the server.",
			Example: "//ws:type string format=uuid",
			Lacking: "write the Go type that has the same JSON",
		},
		{
			Name: "example", On: Type | Method, Where: "a type that travels, or a handler", Args: "json", Takes: TakesJSON, Min: 1, Max: 1, Repeat: true,
			Doc:     "The rest of the line is an example of the type, or of the data that the handler takes, which outputs for clients show.",
			More:    "It has to be a value of the type, or what a client may send: with its members and no others, each of its kind.",
			Example: `//ws:example {"author": "ada", "text": "hello"}`,
			Lacking: "write a value as JSON",
		},
	}
}

// Lookup returns the table's line for name.
func Lookup(name string) (Spec, bool) { return lookup(Table(), name) }

// lookup is Lookup in a table that is there already: making it takes longer than
// the search.
func lookup(table []Spec, name string) (Spec, bool) {
	for _, s := range table {
		if s.Name == name {
			return s, true
		}
	}
	return Spec{}, false
}
