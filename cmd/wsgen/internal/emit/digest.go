package emit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// digests are those of packages. A digest covers all of a package, positions in
// the source included: they decide the order of guards.
func digests(packages []*model.Package) []string {
	sums := make([]string, len(packages))
	texts := sync.Pool{New: func() any { return new([]byte) }}
	parallel(len(sums), func(i int) {
		text := texts.Get().(*[]byte)
		defer texts.Put(text)
		*text = appendValue((*text)[:0], reflect.ValueOf(packages[i]))
		sum := sha256.Sum256(*text)
		sums[i] = hex.EncodeToString(sum[:])
	})
	return sums
}

// whole is the digest of a contract.
func whole(c *model.Contract) string {
	text := appendValue(nil, reflect.ValueOf(*c))
	for _, def := range c.Defs {
		text = appendValue(text, reflect.ValueOf(*def))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// appendValue appends v so that different values of one type differ. It follows
// pointers, but of a *model.Def it appends the name only: all cycles of a model
// pass one, and names are unique in a contract.
func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint())
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		if v.Type() == reflect.TypeFor[*model.Def]() {
			return appendValue(append(b, 1), v.Elem().FieldByName("Name"))
		}
		return appendValue(append(b, 1), v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		for i := range v.Len() {
			b = appendValue(b, v.Index(i))
		}
		return b
	case reflect.Struct:
		for i := range v.NumField() { //nolint:modernize // Value.Fields makes a description of each field, too
			b = appendValue(b, v.Field(i))
		}
		return b
	default:
		panic(fmt.Sprintf("a model has no %s", v.Kind())) // a field of a new kind needs a case above
	}
}
