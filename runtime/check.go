package ws

import "github.com/wsgen/wsgen/runtime/internal/pointer"

// Invalid is the function Invalid for a named parameter, for generated code:
// the paths of FieldErrors become paths into data.
func (c *Call) Invalid(name string, err error) error {
	if !c.bare && c.frame.HasData() && c.frame.Data[0] == '{' {
		return invalid(pointer.Of(name), err)
	}
	return invalid("", err) // the parameter is all of data
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

// CheckFound has v looked at by its own method Validate() error, or by the
// Validator of the gateway's options if it has none, for generated code. The
// method is looked for at run time, since v is of a type that another build
// may declare otherwise.
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
