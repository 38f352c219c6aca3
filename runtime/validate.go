package ws

import (
	"slices"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/pointer"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Validator looks at a payload after it is decoded: Options.Validator. It gets
// the value that the handler gets, and its error goes through [Invalid]. It is
// called concurrently.
type Validator interface {
	Validate(v any) error
}

// FieldErrors are what is wrong with a payload, field by field: an error for
// Validate methods and Validators. Their paths are JSON pointers (RFC 6901) into
// the value that was looked at, and "" is the value itself. They travel in
// "details", with the path that leads there in data, so they must not carry the
// values that they refuse.
type FieldErrors []Detail

// Error returns the faults, separated by semicolons.
func (e FieldErrors) Error() string {
	texts := make([]string, len(e))
	for i, d := range e {
		texts[i] = strings.TrimSpace(d.Path + " " + d.Rule + " " + d.Param)
	}
	return strings.Join(texts, "; ")
}

// Invalid is the refusal of a payload for what its Validate method or the
// Validator returned; nil for nil. An *Error travels as it is, of FieldErrors
// the fields do, with CodeValidationFailed, and of any other error nothing but
// that code: its text may contain what was refused.
func Invalid(err error) error { return invalid("", err) }

// Invalid is the function Invalid for a named parameter, for generated code: the
// paths of its FieldErrors become those in data.
func (c *Call) Invalid(name string, err error) error {
	if !c.bare && c.frame.HasData() && c.frame.Data[0] == '{' {
		return invalid(pointer.Of(name), err)
	}
	return invalid("", err) // the parameter is all of data
}

func invalid(at string, err error) error {
	if err == nil {
		return nil
	}
	if known, _ := steady.As[*Error](err); known != nil {
		return err
	}
	refusal := NewError(CodeValidationFailed, "data is not valid").WithCause(err)
	if fields, ok := steady.As[FieldErrors](err); ok {
		refusal.Details = slices.Clone(fields) // they may be the same for every payload
		for i := range refusal.Details {
			refusal.Details[i].Path = at + refusal.Details[i].Path
		}
	}
	return refusal
}

// Check has v looked at by the Validator of the gateway's options, for
// generated code, and returns what Invalid makes of its error. Without a
// Validator it costs nothing.
func Check[T any](c *Call, v T) error {
	if !c.validates() {
		return nil
	}
	return check(c, v)
}

func check[T any](c *Call, v T) error {
	return Invalid(c.validate(v))
}

// CheckFound has v looked at by its own method Validate() error, or if it has
// none by the Validator of the gateway's options, for generated code: where v is
// of a type that another build has otherwise, this one says what there is.
func CheckFound[T any](c *Call, v *T) error {
	if found, err := validateFound(v); found {
		return Invalid(err)
	}
	return Check(c, *v)
}

// ValidateFound is CheckFound without the Validator; v is the parameter called
// name, or all of data if that is "".
func ValidateFound[T any](c *Call, name string, v *T) error {
	_, err := validateFound(v)
	if name == "" {
		return Invalid(err)
	}
	return c.Invalid(name, err)
}
