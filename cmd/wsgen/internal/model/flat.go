package model

// Flat is a type so simple that generated code reads and writes its JSON
// itself, and still does what encoding/json does: strings, booleans and
// numbers without methods of their own for it, structs of these, and slices of
// those. Where there is none, a nil *Flat, encoding/json does it.
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
