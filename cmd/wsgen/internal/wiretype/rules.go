package wiretype

import (
	"encoding/json"
	"go/types"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// rules are what the tag validate of a field says, as go-playground/validator
// reads it, and whether it refuses data without the member. What it says of
// elements, behind dive, and alternatives are left out, as all that JSON has no
// rule for.
func rules(f *Field) (r model.Rules, required bool) {
	tag, ok := reflect.StructTag(f.Tag).Lookup("validate")
	if !ok {
		return r, false
	}
	kind := kindOf(f.Var.Type())
	zero := false // the zero value is valid, whatever the other rules say
	for word := range strings.SplitSeq(tag, ",") {
		name, arg, _ := strings.Cut(word, "=")
		switch {
		case name == "dive" || name == "keys":
			return orZero(r, zero), required
		case strings.Contains(word, "|"):
		case name == "required":
			required = true
		case name == "omitempty" || name == "omitzero":
			zero = true
		case kind == isNumber:
			numberRule(&r, name, arg)
		case kind == isText || kind == hasMany:
			lengthRule(&r, name, arg)
		}
		if kind == isText {
			textRule(&r, name, arg)
		}
		if name == "oneof" && (kind == isText || kind == isNumber) {
			r.OneOf = alternatives(arg)
		}
	}
	return orZero(r, zero), required
}

// orZero are those of r that hold for the zero value, too, if that is valid.
func orZero(r model.Rules, valid bool) model.Rules {
	if !valid {
		return r
	}
	return model.Rules{Max: r.Max, MaxLen: r.MaxLen}
}

// kind is how a rule is about a value.
type kind uint8

const (
	isOther  kind = iota // no rule is
	isText               // by its characters
	isNumber             // by its value
	hasMany              // by how many members it has
)

func kindOf(t types.Type) kind {
	t = gotype.Deref(t)
	if gotype.Is(t, "time", "Duration") {
		return isOther // its rules have durations
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return isText
		case u.Info()&(types.IsInteger|types.IsFloat) != 0:
			return isNumber
		}
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 {
			return isOther // its length is not that of the string in JSON
		}
		return hasMany
	case *types.Map:
		return hasMany
	}
	return isOther
}

func numberRule(r *model.Rules, name, arg string) {
	if _, err := strconv.ParseFloat(arg, 64); err != nil || !json.Valid([]byte(arg)) {
		return
	}
	switch name {
	case "min", "gte":
		r.Min = arg
	case "max", "lte":
		r.Max = arg
	case "gt":
		r.Above = arg
	case "lt":
		r.Below = arg
	case "len", "eq":
		r.Min, r.Max = arg, arg
	}
}

func lengthRule(r *model.Rules, name, arg string) {
	n, err := strconv.ParseUint(arg, 10, 31)
	if err != nil {
		return
	}
	switch name {
	case "min", "gte":
		r.MinLen = strconv.FormatUint(n, 10)
	case "max", "lte":
		r.MaxLen = strconv.FormatUint(n, 10)
	case "gt":
		r.MinLen = strconv.FormatUint(n+1, 10)
	case "lt":
		if n > 0 {
			r.MaxLen = strconv.FormatUint(n-1, 10)
		}
	case "len":
		r.MinLen = strconv.FormatUint(n, 10)
		r.MaxLen = r.MinLen
	}
}

func textRule(r *model.Rules, name, arg string) {
	switch name {
	case "email":
		r.Format = "email"
	case "url":
		r.Format = "uri"
	case "uuid", "uuid4":
		r.Format = "uuid"
	case "datetime":
		switch arg {
		case time.RFC3339, time.RFC3339Nano:
			r.Format = "date-time"
		case time.DateOnly:
			r.Format = "date"
		}
	}
}

// alternatives are the words of a rule oneof. Those with spaces are quoted.
func alternatives(list string) []string {
	var all []string
	for list = strings.TrimLeft(list, " "); list != ""; list = strings.TrimLeft(list, " ") {
		var word string
		if quoted, ok := strings.CutPrefix(list, "'"); ok {
			word, list, _ = strings.Cut(quoted, "'")
		} else {
			word, list, _ = strings.Cut(list, " ")
		}
		all = append(all, word)
	}
	return all
}
