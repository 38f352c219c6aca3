package playground

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// flat is the name of an embedded struct whose fields are in the JSON object of
// the struct around it. No escaped name looks like it.
const flat = "%"

// name returns a field's name in JSON, and escapes the characters that have a
// meaning in a Namespace. "" leaves the field the name that it has in Go.
func name(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	n, _, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-": // but "-," is a name
		return ""
	case n == "" && f.Anonymous && deref(f.Type).Kind() == reflect.Struct:
		return flat
	}
	return strings.NewReplacer("%", "%25", ".", "%2E", "[", "%5B", "]", "%5D").Replace(n)
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// pointer returns the JSON pointer (RFC 6901) of the faulty value in v. Its steps
// are in the Namespace, as in "Order.lines[0].item". But the keys of maps are not
// escaped there, so that only v itself tells where a key ends.
func (m maps) pointer(v any, f validator.FieldError) string {
	at := reflect.ValueOf(v)
	// Both begin with the type's name, if it has one, which may have dots in
	// brackets.
	root := deref(at.Type()).Name() + "."
	names, fields := strings.TrimPrefix(f.Namespace(), root), strings.TrimPrefix(f.StructNamespace(), root)
	var b strings.Builder
	step := func(name string) {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	for names != "" {
		name, field := names[:nameEnd(names)], fields[:nameEnd(fields)]
		names, fields = names[len(name):], fields[len(field):]
		if name != "" && name != flat {
			step(strings.NewReplacer("%2E", ".", "%5B", "[", "%5D", "]", "%25", "%").Replace(name))
		}
		at = member(at, field)
		for strings.HasPrefix(names, "[") {
			var key string
			var end int
			key, end, at = m.item(at, names)
			step(key)
			names, fields = names[end:], fields[min(end, len(fields)):]
		}
		names, fields = strings.TrimPrefix(names, "."), strings.TrimPrefix(fields, ".")
	}
	return b.String()
}

// nameEnd returns where the name that s begins with ends.
func nameEnd(s string) int {
	if end := strings.IndexAny(s, ".["); end >= 0 {
		return end
	}
	return len(s)
}

// solid returns the value behind pointers and interfaces.
func solid(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// member returns a field by its name in Go, or the zero Value if there is none.
func member(v reflect.Value, field string) reflect.Value {
	if v = solid(v); v.Kind() == reflect.Struct {
		if f, ok := v.Type().FieldByName(field); ok {
			v, _ = v.FieldByIndexErr(f.Index) // not through a nil pointer
			return v
		}
	}
	return reflect.Value{}
}

// item returns the index or key in brackets that s begins with. It returns it as
// in JSON, with where the brackets end, and the element or member.
func (m maps) item(v reflect.Value, s string) (key string, end int, of reflect.Value) {
	end = bracketEnd(s)
	key = s[1 : end-1]
	switch v = solid(v); v.Kind() {
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < v.Len() {
			of = v.Index(i)
		}
	case reflect.Map:
		known := m.keys(v)
		longest := -1
		for i := 1; i < len(s); i++ {
			if s[i] == ']' && known.lengths[i-1] && bracketEnd(s[i:]) == 1 {
				if _, is := known.byText[s[1:i]]; is {
					longest = i
				}
			}
		}
		if longest > 0 {
			k := known.byText[s[1:longest]]
			key, end, of = keyName(k), longest+1, v.MapIndex(k)
		}
	}
	return key, end, of
}

// maps holds the keys of the maps that were met in a value, by the map's address.
// So the keys are read once for all faults: a client chooses how many there are
// of both.
type maps map[uintptr]*keys

// keys are the keys of a map, by their texts in a Namespace.
type keys struct {
	byText  map[string]reflect.Value
	lengths map[int]bool // of the texts
}

func (m maps) keys(v reflect.Value) *keys {
	if known := m[v.Pointer()]; known != nil {
		return known
	}
	known := &keys{map[string]reflect.Value{}, map[int]bool{}}
	m[v.Pointer()] = known
	for _, k := range v.MapKeys() {
		text := fmt.Sprintf("%v", k) // as the validator has it
		known.byText[text], known.lengths[len(text)] = k, true
	}
	return known
}

// bracketEnd returns where the brackets end that s begins with: behind the
// first that something can follow.
func bracketEnd(s string) int {
	for i := range len(s) {
		if s[i] == ']' && (i+1 == len(s) || s[i+1] == '.' || s[i+1] == '[') {
			return i + 1
		}
	}
	return len(s)
}

// keyName returns the name that a map's key has in JSON.
func keyName(k reflect.Value) string {
	if k.Kind() == reflect.String {
		return k.String()
	}
	if k.CanInterface() {
		if m, ok := k.Interface().(encoding.TextMarshaler); ok {
			text, _ := m.MarshalText()
			return string(text)
		}
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10)
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10)
	}
	return fmt.Sprint(k)
}
