package model

// CodecRef names a codec of a package: 1 is the first of its Codecs. 0 is none:
// encoding/json reads and writes the value.
type CodecRef int

// Codec is how generated code of a package reads and writes a type itself, and
// still does what encoding/json does.
type Codec struct {
	Kind CodecKind
	Type TypeRef // as a file of the package writes it
	// Rests are the declared types whose declarations the codec rests on: the type
	// itself, if it is one and no scalar, and the structs that it embeds. Generated
	// code repeats them.
	Rests   []Declared
	Elem    CodecRef      // of a slice, an array, a map or a pointer; never 0
	Key     *TypeRef      // of a map, whose keys are strings; nil: they are of type string itself
	Len     int64         // of an array
	Members []CodecMember // of a struct, in their order
}

// Declared is a declared type, and what it is declared as, with all fields and tags.
type Declared struct{ Type, As TypeRef }

// CodecMember is a member of the object that a struct becomes.
type CodecMember struct {
	JSON  string      // its name, which needs no escapes
	Path  []CodecStep // the fields that lead to the value
	Codec CodecRef    // of the value
	// Quoted says that the value, a number or a boolean, or what it points to, stands
	// in a JSON string.
	Quoted bool
	// When are the conditions under which it is written: all of them, in this order.
	// None is always.
	When []Presence
	// Zero is the type of the value if PresentNotZero is among them.
	Zero *TypeRef
}

// CodecStep is one field on the way to the value of a member.
type CodecStep struct {
	Name string
	New  *TypeRef // what it points to, if it is an embedded pointer that leads on
}

// CodecKind is the form of a Codec.
type CodecKind uint8

// The forms. Numbers and texts may be of declared types.
const (
	CodecString CodecKind = iota
	CodecBool
	CodecInt  // of any size
	CodecUint // of any size
	CodecFloat32
	CodecFloat64
	CodecTime  // time.Time
	CodecRaw   // json.RawMessage
	CodecBytes // in base64
	CodecSlice
	CodecArray
	CodecMap
	CodecPointer
	CodecStruct
)

// Presence is a condition under which a value is written.
type Presence uint8

// The conditions.
const (
	PresentAlways   Presence = iota
	PresentNever             // an array without elements is always empty
	PresentTrue              // the boolean is true
	PresentNumber            // the number is not 0
	PresentText              // the text is not empty
	PresentElems             // there are elements
	PresentNotNil            // it is not nil
	PresentNotZero           // it is not the zero value, which it is compared with
	PresentByMethod          // its method IsZero says that it is not zero
)
