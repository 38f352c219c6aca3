// Package playground has the payloads of wsgen's gateways looked at by
// [github.com/go-playground/validator/v10]: rules in struct tags, answered with
// CodeValidationFailed, and in "details" the place, the rule and its parameter.
// The values that were refused stay here.
//
//	server := ws.NewServer(ws.Options{Validator: playground.New(nil)})
package playground

import (
	"errors"

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
	seen := maps{}
	for i, f := range fields {
		details[i] = ws.Detail{Path: seen.pointer(v, f), Rule: f.Tag(), Param: f.Param()}
	}
	return details
}
