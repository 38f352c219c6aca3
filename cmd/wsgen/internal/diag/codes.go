package diag

// The codes of diagnostics. A code never changes its meaning and is never used
// again for another.
const (
	Syntax            Code = "WS001"
	PackageNames      Code = "WS002"
	NearMiss          Code = "WS003"
	UnknownDirective  Code = "WS004"
	Misplaced         Code = "WS005"
	Detached          Code = "WS006"
	UnreadFile        Code = "WS007"
	MalformedArgument Code = "WS008"
	MissingArgument   Code = "WS009"
	ExtraArgument     Code = "WS010"
	UnknownOption     Code = "WS011"
	BadValue          Code = "WS012"
	RepeatedDirective Code = "WS013"
	RepeatedOption    Code = "WS014"
	NotYet            Code = "WS015"
	NotAGateway       Code = "WS016"
	WrongKind         Code = "WS017"
	Generic           Code = "WS018"
	BadPath           Code = "WS019"
	PathConflict      Code = "WS020"
	BadEvent          Code = "WS021"
	DuplicateEvent    Code = "WS022"
	UnknownName       Code = "WS023"
	BadParameter      Code = "WS024"
	RepeatedParameter Code = "WS025"
	UnnamedParameter  Code = "WS026"
	BadPayload        Code = "WS027"
	BadResult         Code = "WS028"
	Unreachable       Code = "WS029"
	DuplicateHook     Code = "WS030"
	StateMismatch     Code = "WS031"
	NotAGuard         Code = "WS032"
	WrongGuard        Code = "WS033"
	NoProvider        Code = "WS034"
	BadProvider       Code = "WS035"
	NameClash         Code = "WS036"
	BadPush           Code = "WS037"
	AppMember         Code = "WS038"
	AppTwice          Code = "WS039"
	TypeError         Code = "WS040"
	NotAHandler       Code = "WS041"
	AmbiguousMethod   Code = "WS042"
	BadStream         Code = "WS100"
	NoPosture         Code = "WS101"
	MaxAlone          Code = "WS102"
	TimeoutInline     Code = "WS103"
	BadConfigure      Code = "WS104"
)

// Entry explains a code.
type Entry struct {
	Code  Code
	Title string
	Text  string // what it means and what to do about it
}

// Entries returns the explanation of every code, in their order.
func Entries() []Entry {
	return []Entry{
		{Syntax, "a file has a syntax error", "wsgen reads only files that Go can read. Nothing is written until the file is mended, so handlers cannot get lost."},
		{PackageNames, "files of one folder name different packages", "Every file of a folder, but for tests, has the same package clause. Generated files do not count."},
		{NearMiss, "a comment looks like a directive", "Go's directives have no space behind // and a lower-case name: //ws:gateway. Anything else is an ordinary comment, which would be ignored without a word."},
		{UnknownDirective, "there is no such directive", "The name behind //ws: is not one that wsgen knows."},
		{Misplaced, "a directive stands in the wrong place", "Each directive belongs above one kind of declaration."},
		{Detached, "a blank line separates a directive from its declaration", "Only the comment lines directly above a declaration belong to it."},
		{UnreadFile, "a directive is in a file that wsgen does not read", "wsgen reads the files that the build includes, without tests. A gateway in another file could not be served."},
		{MalformedArgument, "an argument cannot be read", "Arguments are words, or quoted as in Go; options are key=value or key=\"a b\"."},
		{MissingArgument, "a directive lacks its argument", "The directive says nothing without it."},
		{ExtraArgument, "a directive has too many arguments", "Arguments are separated by spaces; quote one that has spaces."},
		{UnknownOption, "a directive has no such option", "The key is not one that the directive knows."},
		{BadValue, "an option cannot have this value", "The option allows only the values listed."},
		{RepeatedDirective, "a directive stands twice above one declaration", "Only //ws:guard may be repeated."},
		{RepeatedOption, "an option is given twice", "Each key may be given once."},
		{NotYet, "this is not supported yet", "The form is reserved for a later version of wsgen."},
		{NotAGateway, "the method's type is no gateway", "//ws:subscribe, //ws:connect and //ws:disconnect belong on methods of a type marked //ws:gateway, or of a struct that such a type embeds."},
		{WrongKind, "the type is of the wrong kind", "A gateway, a state and a namespace are struct types; a push is an interface type."},
		{Generic, "the type has type parameters", "Generated code needs one concrete type. Embed an instance of the generic type in a struct of its own, and mark that."},
		{BadPath, "the path is not one that ServeMux accepts", "A path begins with a slash; its wildcards are those of net/http.ServeMux."},
		{PathConflict, "two gateways claim the same path", "ServeMux refuses equal patterns, and overlapping ones of which neither is more specific."},
		{BadEvent, "the event cannot have this name", "Names that begin with $, and the event error, belong to the protocol. Control characters are not allowed."},
		{DuplicateEvent, "an event has two handlers", "Within a gateway each event has one handler, within a push interface one method."},
		{UnknownName, "a directive names something that does not exist", "Directives name identifiers of their own package, or pkg.Name where the file imports pkg."},
		{BadParameter, "a parameter has no meaning here", "Handlers take context.Context, *ws.Client, ws.Sender, the gateway's state and data; hooks take what belongs to their moment."},
		{RepeatedParameter, "a parameter is there twice", "Each of context, client, sender and state may be taken once."},
		{UnnamedParameter, "a parameter needs a name", "The names of several parameters, and of a lone scalar, are the names of the data's members on the wire."},
		{BadPayload, "JSON cannot carry this type", "Channels, functions, complex numbers and interfaces with methods have no form in JSON."},
		{BadResult, "the result has the wrong form", "A handler returns nothing, T, error, or (T, error)."},
		{Unreachable, "generated code cannot name this type", "The type is unexported in another package, internal to another tree, or has no name."},
		{DuplicateHook, "a gateway has two of a hook", "A gateway has at most one method each of //ws:connect, //ws:disconnect and //ws:configure."},
		{StateMismatch, "the state does not fit", "A connection's state is a pointer to a struct marked //ws:state, made by the gateway's connect hook."},
		{NotAGuard, "the type is no guard", "A guard has the method GuardConn(*ws.Upgrade) error or GuardMessage(context.Context, ws.Message) error."},
		{WrongGuard, "the guard is of the wrong kind", "A handler takes message guards; connections are guarded on the gateway or the application."},
		{NoProvider, "nothing can make a value of this type", "wsgen fills exported fields only. A type with other fields needs a constructor NewX in its package."},
		{BadProvider, "the constructor does not fit", "NewX returns *X (X for an interface), then a cleanup function if there is one, then an error if it can fail."},
		{NameClash, "a name is needed by generated code", "wsgen declares a few names in annotated packages; the package already declares this one as something else."},
		{BadPush, "a push method has the wrong form", "A push method takes nothing or one parameter and returns nothing, error, int, or (int, error)."},
		{AppMember, "the application cannot serve this package", "An application serves annotated packages of its module that it may import."},
		{AppTwice, "a package has two applications", "//ws:app stands above one package clause of the package."},
		{TypeError, "a declaration has a type error", "wsgen needs this type and Go cannot tell what it is."},
		{NotAHandler, "the directive needs another beside it", "//ws:guard and //ws:public say something about a gateway, a handler or an application; here is none."},
		{AmbiguousMethod, "a gateway loses a method", "Of two embedded methods of one name at one depth Go promotes neither, so the gateway would not handle their events."},
		{BadStream, "the stream has the wrong form", "A stream is returned as iter.Seq[T], iter.Seq2[T, error] or <-chan T."},
		{NoPosture, "nothing says who may send an event", "With -require-posture each handler has a guard, or its gateway or the application has one, or one of them is marked //ws:public."},
		{MaxAlone, "max= is given without mode=parallel", "Only calls that run at once can be bounded."},
		{TimeoutInline, "an inline handler has a timeout", "An inline handler runs on the read loop, and nothing could end it. Give it mode=serial, or no mode at all."},
		{BadConfigure, "the configure hook has the wrong form", "It takes *ws.Options, a copy of the server's, and changes what is special to the gateway."},
	}
}
