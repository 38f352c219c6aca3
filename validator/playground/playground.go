// Package playground validates the payloads of wsgen's gateways with
// [github.com/go-playground/validator/v10], whose rules are in struct tags. A
// value that breaks one is answered with CodeValidationFailed, and in "details"
// with the place, the rule and its parameter. The value is neither sent nor logged.
//
//	server := ws.NewServer(ws.Options{Validator: playground.New(nil)})
package playground

import (
	"errors"

	"github.com/go-playground/validator/v10"
	ws "github.com/wsgen/wsgen/runtime"
)

// New returns a Validator for Options.Validator. With nil it is one of its own,
// with validator.WithRequiredStructEnabled. It keeps the rules, aliases and types
// that v knows, but not how v names fields: New registers the names of their json
// tags, so that the paths are those of the data.
func New(v *validator.Validate) ws.Validator {
	if v == nil {
		v = validator.New(validator.WithRequiredStructEnabled())
	}
	v.RegisterTagNameFunc(name)
	return adapter{v}
}

type adapter struct{ validate *validator.Validate }

// Validate validates a struct, or the one that a pointer points to. It is safe
// for concurrent use.
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
	seen := maps{}
	for i, f := range fields {
		details[i] = ws.Detail{Path: seen.pointer(v, f), Rule: f.Tag(), Param: f.Param()}
	}
	return details
}
