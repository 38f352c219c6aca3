package model

// TypeRef is a Go type as generated code writes it.
type TypeRef struct {
	Kind TypeKind

	// Named: the package that names it (Path "" is predeclared or "same
	// package" when Local), and type arguments.
	Package PackageRef
	Local   bool // declared in the package that uses it
	Name    string
	Args    []TypeRef

	Elem   *TypeRef // Pointer, Slice, Array, Map, Chan
	Key    *TypeRef // Map
	Len    int64    // Array
	Dir    ChanDir  // Chan
	Fields []Field  // Struct literal
}

// TypeKind is the form of a TypeRef.
type TypeKind uint8

// The forms of types.
const (
	TypeNamed TypeKind = iota // also predeclared ones: string, error, any
	TypePointer
	TypeSlice
	TypeArray
	TypeMap
	TypeChan
	TypeStruct
)

// ChanDir is the direction of a channel type.
type ChanDir uint8

// The directions.
const (
	ChanBoth ChanDir = iota
	ChanRecv
	ChanSend
)

// Field is one field of a struct literal type.
type Field struct {
	Name     string // "" when embedded
	Type     TypeRef
	Tag      string
	Embedded bool
}
