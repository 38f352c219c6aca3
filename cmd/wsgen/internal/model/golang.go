package model

// GoPackage is what generated code of a package has to know of it.
type GoPackage struct {
	Dir string // absolute directory that its generated files go to
	// Scope lists every identifier of the package's scope, sorted, without
	// those that wsgen itself generates. Generated imports, and locals that
	// would shadow, stay clear of them.
	Scope []string
	// TestScope lists what the package's tests declare beside it, sorted: no
	// import and no declaration of generated code can have these names either.
	TestScope []string
	// Codecs are those of the types that its generated code reads and writes itself.
	// No two are of one type.
	Codecs []Codec
}

// GoGateway is how generated code makes and calls a gateway.
type GoGateway struct {
	Provider Provider
	// Through are the embedded pointers that methods are promoted through, as
	// selectors behind the gateway: a nil one would panic in the first call.
	Through []string
}

// GoHandler is what only generated code has to know of a handler.
type GoHandler struct {
	Const       *Const   // the constant that names the event; nil: none that its gateway's package may name
	ResultCodec CodecRef // writes the result, or each value of a stream, or 0
	// Plain says that generated code reads named parameters itself. Those without a
	// codec it leaves to encoding/json one by one.
	Plain bool
	Fuzz  *Fuzz // nil: no fuzz test is asked for, or there is no data
}

// Fuzz is what the fuzz test of a handler begins with, and holds its data to.
type Fuzz struct {
	Seeds []string // JSON that the handler's types take
	Back  Back     // the least that holds for any of them
}

// Back says what comes back of a value that was decoded, encoded, and decoded
// again.
type Back uint8

// The degrees, from less to more; the names are those of the test kit.
const (
	BackAny   Back = iota // nothing is known: some type has a method for one way only
	BackCoded             // if anything, the same: some type has methods for both ways
	BackSame              // the same
)

// GoParam is what generated code does with a parameter that is data.
type GoParam struct {
	// Codec reads or writes the value. It counts for named parameters only if the
	// handler is Plain.
	Codec CodecRef
	// Check says who judges a decoded value before the handler gets it.
	Check Check
	// Through are the fields to embedded pointers that Validate is promoted
	// through, as selectors behind the value: a nil one has nothing to validate.
	Through []string
}

// GoPush says what of a push interface's constructors is the user's.
type GoPush struct {
	// OwnNew and OwnNewPush say that the package declares a fitting New<Name>,
	// New<Name>Push itself: it is not generated, and is the provider all the same.
	OwnNew     bool
	OwnNewPush bool
}

// GoAsk says whether an ask interface's constructor is the user's.
type GoAsk struct {
	// OwnNewAsk says that the package declares a fitting New<Name>Ask itself.
	OwnNewAsk bool
}

// GoAskMethod is what only generated code has to know of a question.
type GoAskMethod struct {
	ResultCodec CodecRef // reads the answer, or 0
}

// Guard is a guard type that its own package provides.
type Guard struct {
	Name     string
	Provider Provider
}

// GoGuard is how generated code names a guard that is used, and gets it. Its
// parameter in generated constructors is Type itself for an interface type, else
// a pointer to it.
type GoGuard struct {
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

// Const is a string constant.
type Const struct {
	Package PackageRef
	Local   bool // declared in the package that uses it
	Name    string
	Typed   bool // of another type than string
}

// Check is what becomes of a decoded value.
type Check uint8

// The checks.
const (
	CheckNone     Check = iota
	CheckValidate       // the type's own Validate() error
	CheckOptions        // the validator of the server's options, if it has one
	// Of a type that another build may declare otherwise: the first of these that
	// the running build has.
	CheckFound         // CheckValidate or CheckOptions
	CheckFoundValidate // CheckValidate
)

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
