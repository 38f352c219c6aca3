// Package playground has the payloads of wsgen's gateways looked at by
// [github.com/go-playground/validator/v10]: rules in struct tags, answered with
// CodeValidationFailed, and in "details" the place, the rule and its parameter.
// The values that were refused stay here.
//
//	server := ws.NewServer(ws.Options{Validator: playground.New(nil)})
package playground

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
	ws "github.com/wsgen/wsgen/runtime"
)

// New returns a Validator for Options.Validator. With nil it is one of its own,
// with validator.WithRequiredStructEnabled. Rules, aliases and types that v
// knows are kept; how it names fields is not: New registers the names of their
// json tags, so that the paths are those of the data.
func New(v *validator.Validate) ws.Validator {
	if v == nil {
		v = validator.New(validator.WithRequiredStructEnabled())
	}
	v.RegisterTagNameFunc(name)
	return adapter{v}
}

type adapter struct{ validate *validator.Validate }

// Validate has a struct, or what a pointer to one points to, looked at; it is
// safe for concurrent use.
func (a adapter) Validate(v any) error {
	err := a.validate.Struct(v)
	if _, none := errors.AsType[*validator.InvalidValidationError](err); none {
		return nil // nothing that rules could stand on: a nil pointer, or no struct
	}
	fields, ok := errors.AsType[validator.ValidationErrors](err)
	if !ok {
		return err
	}
	details := make(ws.FieldErrors, len(fields))
	for i, f := range fields {
		details[i] = ws.Detail{Path: pointer(f.Namespace()), Rule: f.Tag(), Param: f.Param()}
	}
	return details
}

// flat is the name of an embedded struct whose fields are in the JSON object of
// the struct around it: a sign that no escaped name is.
const flat = "%"

// name returns a field's name in JSON, with what has a meaning in a Namespace
// escaped; "" leaves it the name that it has in Go.
func name(f reflect.StructField) string {
	n, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case n == "-":
		return ""
	case n == "" && f.Anonymous:
		return flat
	}
	return strings.NewReplacer("%", "%25", ".", "%2E", "[", "%5B", "]", "%5D").Replace(n)
}

// pointer turns a Namespace, "Order.lines[0].item", into a JSON pointer (RFC
// 6901), "/lines/0/item".
func pointer(namespace string) string {
	_, rest, _ := strings.Cut(namespace, ".") // the type's name
	var b strings.Builder
	step := func(name string) {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	for rest != "" {
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if field := rest[:end]; field != "" && field != flat {
			step(strings.NewReplacer("%2E", ".", "%5B", "[", "%5D", "]", "%25", "%").Replace(field))
		}
		rest = rest[end:]
		for strings.HasPrefix(rest, "[") {
			end := keyEnd(rest)
			step(rest[1:end])
			rest = rest[min(end+1, len(rest)):]
		}
		rest = strings.TrimPrefix(rest, ".")
	}
	return b.String()
}

// keyEnd returns where the index or key that rest begins with ends: keys of
// maps are written as they are, so it is the first bracket that something can
// follow.
func keyEnd(rest string) int {
	for i := 1; i < len(rest); i++ {
		if rest[i] == ']' && (i+1 == len(rest) || rest[i+1] == '.' || rest[i+1] == '[') {
			return i
		}
	}
	return len(rest)
}
