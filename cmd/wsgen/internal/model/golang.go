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
	Const      *Const // the constant that names the event; nil: none that its gateway's package may name
	ResultFlat *Flat  // how the result is written; nil: encoding/json does it
	Fuzz       *Fuzz  // nil: no fuzz test is asked for, or there is no data
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
	// Flat is how the value is read or written; that of what Type points to, if
	// Optional. Of named parameters either all have one or none has.
	Flat *Flat
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

// Flat is a type so simple that generated code reads and writes its JSON
// itself, and still does what encoding/json does: strings, booleans and
// numbers without methods of their own for it, structs of these, and slices of
// those. A nil *Flat leaves it to encoding/json.
type Flat struct {
	Kind   FlatKind
	Type   TypeRef     // FlatStruct: the declared type, aliases resolved
	Struct TypeRef     // FlatStruct: what it is declared as, with all fields and tags
	Fields []FlatField // FlatStruct: what JSON sees of it, in its order
	Elem   *Flat       // FlatSlice: the struct
}

// FlatField is a field of a flat struct.
type FlatField struct {
	Name string // in Go
	JSON string // the member's name, which needs no escapes
	Kind FlatKind
	// OmitEmpty says that the zero value is left out.
	OmitEmpty bool
}

// FlatKind is the form of a Flat.
type FlatKind uint8

// The forms; all but FlatStruct and FlatSlice are scalars.
const (
	FlatStruct FlatKind = iota
	FlatSlice
	FlatString
	FlatBool
	FlatInt  // of any size
	FlatUint // of any size
	FlatFloat32
	FlatFloat64
)
