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
// the struct around it: a sign that no escaped name is.
const flat = "%"

// name returns a field's name in JSON, with what has a meaning in a Namespace
// escaped; "" leaves it the name that it has in Go.
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

// pointer returns the JSON pointer (RFC 6901) of what is wrong in v. A
// Namespace, "Order.lines[0].item", has its steps, but the keys of maps stand in
// it as they are: so v is gone through beside it.
func pointer(v any, f validator.FieldError) string {
	_, names, _ := strings.Cut(f.Namespace(), ".") // the type's name
	_, fields, _ := strings.Cut(f.StructNamespace(), ".")
	at := reflect.ValueOf(v)
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
			key, end, at = item(at, names)
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

// solid returns what pointers and interfaces lead to.
func solid(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// member returns a field by its name in Go; the zero Value if there is none.
func member(v reflect.Value, field string) reflect.Value {
	if v = solid(v); v.Kind() == reflect.Struct {
		if f, ok := v.Type().FieldByName(field); ok {
			v, _ = v.FieldByIndexErr(f.Index) // not through a nil pointer
			return v
		}
	}
	return reflect.Value{}
}

// item returns the index or key in brackets that s begins with, as it is in
// JSON, where the brackets end, and the element or member.
func item(v reflect.Value, s string) (key string, end int, of reflect.Value) {
	end = bracketEnd(s)
	key = s[1 : end-1]
	switch v = solid(v); v.Kind() {
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < v.Len() {
			of = v.Index(i)
		}
	case reflect.Map:
		longest := -1
		for _, k := range v.MapKeys() {
			text := fmt.Sprintf("%v", k) // as the validator has it
			if len(text) > longest && strings.HasPrefix(s[1:], text+"]") && bracketEnd(s[1+len(text):]) == 1 {
				longest, key, end, of = len(text), keyName(k), len(text)+2, v.MapIndex(k)
			}
		}
	}
	return key, end, of
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
