package asyncapi_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// draft07 validates by as much of draft-07 as documents have. A keyword that it does
// not know is an error, so nothing is passed over.
type draft07 struct{ doc map[string]any }

// fits returns why a value does not fit a schema; nil if it does.
func (d draft07) fits(schema, value any) error {
	if schema == false {
		return fmt.Errorf("%v: nothing fits", value)
	}
	s, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is no schema", schema)
	}
	if ref, ok := s["$ref"].(string); ok { // what stands beside it does not count
		target, err := d.at(ref)
		if err != nil {
			return err
		}
		return d.fits(target, value)
	}
	for keyword, want := range s {
		if err := d.keyword(s, keyword, want, value); err != nil {
			return fmt.Errorf("%s: %w", keyword, err)
		}
	}
	return nil
}

// at is what a reference within the document leads to.
func (d draft07) at(ref string) (found any, err error) {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil, fmt.Errorf("%s leads out of the document", ref)
	}
	found = d.doc
	for _, name := range strings.Split(path, "/") {
		object, _ := found.(map[string]any)
		if found, ok = object[name]; !ok {
			return nil, fmt.Errorf("%s leads nowhere", ref)
		}
	}
	return found, nil
}

func (d draft07) keyword(s map[string]any, keyword string, want, value any) error {
	wrong := fmt.Errorf("%v, not %v", value, want)
	holds := func(ok bool) error {
		if ok {
			return nil
		}
		return wrong
	}
	switch keyword {
	case "$comment", "title", "description", "deprecated", "format", "contentEncoding", "examples":
		return nil
	case "const":
		return holds(reflect.DeepEqual(want, value))
	case "enum":
		return holds(slices.ContainsFunc(want.([]any), func(v any) bool { return reflect.DeepEqual(v, value) }))
	case "type":
		return holds(slices.ContainsFunc(list(want), func(kind any) bool { return is(kind.(string), value) }))
	case "allOf", "anyOf", "oneOf":
		n := 0
		for _, part := range want.([]any) {
			if err := d.fits(part, value); err == nil {
				n++
			} else {
				wrong = err
			}
		}
		return holds(keyword == "anyOf" && n > 0 || keyword == "oneOf" && n == 1 || n == len(want.([]any)) && keyword == "allOf")
	}
	switch v := value.(type) {
	case json.Number:
		return holds(number(keyword, want, v))
	case string:
		return holds(text(keyword, want, v))
	case []any:
		return d.array(keyword, want, v)
	case map[string]any:
		return d.object(s, keyword, want, v)
	}
	return nil
}

func list(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}

func is(kind string, value any) bool {
	switch v := value.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		return kind == "number" || kind == "integer" && ok && r.IsInt()
	}
	return false
}

func compare(a json.Number, b any) int {
	x, _ := new(big.Rat).SetString(a.String())
	y, _ := new(big.Rat).SetString(fmt.Sprint(b))
	return x.Cmp(y)
}

func number(keyword string, want any, v json.Number) bool {
	switch keyword {
	case "minimum":
		return compare(v, want) >= 0
	case "maximum":
		return compare(v, want) <= 0
	case "exclusiveMinimum":
		return compare(v, want) > 0
	case "exclusiveMaximum":
		return compare(v, want) < 0
	}
	return known(keyword)
}

func text(keyword string, want any, v string) bool {
	length := json.Number(fmt.Sprint(utf8.RuneCountInString(v)))
	switch keyword {
	case "minLength":
		return compare(length, want) >= 0
	case "maxLength":
		return compare(length, want) <= 0
	case "pattern":
		return regexp.MustCompile(want.(string)).MatchString(v)
	}
	return known(keyword)
}

func (d draft07) array(keyword string, want any, v []any) error {
	length := json.Number(fmt.Sprint(len(v)))
	switch keyword {
	case "minItems":
		if compare(length, want) < 0 {
			return fmt.Errorf("%v is too short", v)
		}
	case "maxItems":
		if compare(length, want) > 0 {
			return fmt.Errorf("%v is too long", v)
		}
	case "items":
		each, tuple := want.([]any)
		for i, item := range v {
			schema := want
			if tuple && i >= len(each) {
				break
			} else if tuple {
				schema = each[i]
			}
			if err := d.fits(schema, item); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
	default:
		if !known(keyword) {
			return fmt.Errorf("what is %s", keyword)
		}
	}
	return nil
}

func (d draft07) object(s map[string]any, keyword string, want any, v map[string]any) error {
	size := json.Number(fmt.Sprint(len(v)))
	properties, _ := s["properties"].(map[string]any)
	for name, member := range v {
		schema, declared := properties[name]
		var err error
		switch {
		case keyword == "properties" && declared:
			err = d.fits(schema, member)
		case keyword == "additionalProperties" && !declared:
			err = d.fits(want, member)
		case keyword == "propertyNames":
			err = d.fits(want, name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	switch keyword {
	case "required":
		for _, name := range want.([]any) {
			if _, ok := v[name.(string)]; !ok {
				return fmt.Errorf("%v has no %s", v, name)
			}
		}
	case "minProperties", "maxProperties":
		if c := compare(size, want); keyword[1] == 'i' && c < 0 || keyword[1] == 'a' && c > 0 {
			return fmt.Errorf("%v has not so many members", v)
		}
	}
	if !known(keyword) {
		return fmt.Errorf("what is %s", keyword)
	}
	return nil
}

// known reports whether a keyword is one that documents have.
func known(keyword string) bool {
	return slices.Contains([]string{
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "minItems", "maxItems",
		"items", "properties", "required", "propertyNames", "additionalProperties", "minProperties", "maxProperties",
	}, keyword)
}
