package ws

import (
	"slices"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Validator looks at a payload after it is decoded (Options.Validator). It
// gets the value that the handler gets. Its error becomes the refusal that
// [Invalid] makes of it. It is called concurrently.
type Validator interface {
	Validate(v any) error
}

// FieldErrors say field by field what is wrong with a payload: an error for
// Validate methods and Validators. Their paths are JSON pointers (RFC 6901)
// into the value that was looked at, and "" is the value itself. They travel
// in "details", with the path that leads there in data, so they must not
// carry the values that they refuse.
type FieldErrors []Detail

// Error returns the faults, separated by semicolons.
func (e FieldErrors) Error() string {
	texts := make([]string, len(e))
	for i, d := range e {
		texts[i] = strings.TrimSpace(d.Path + " " + d.Rule + " " + d.Param)
	}
	return strings.Join(texts, "; ")
}

// Invalid returns the refusal of a payload for the error of its Validate
// method or of the Validator; nil for nil. An *Error travels as it is. Of
// FieldErrors the fields travel, with CodeValidationFailed. Of any other
// error nothing travels but that code, since its text may contain the value
// that was refused.
func Invalid(err error) error { return invalid("", err) }

// invalid is Invalid, with at in front of the paths of FieldErrors.
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
