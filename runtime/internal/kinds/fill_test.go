package kinds

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"reflect"
	"time"
)

// filler puts something into every place of a value, each time something else.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value, depth int) {
	f.n++
	switch to := v.Addr().Interface().(type) {
	case *time.Time:
		*to = time.Unix(1_700_000_000+int64(f.n), int64(f.n)*1_000_000).UTC()
		return
	case *json.RawMessage:
		*to = json.RawMessage(fmt.Sprintf(`{"raw":[%d,"ü",null]}`, f.n))
		return
	case *json.Number:
		*to = json.Number(fmt.Sprint(f.n, ".50"))
		return
	case **big.Int:
		*to = big.NewInt(int64(f.n) << 40)
		return
	case *url.URL:
		*to = url.URL{Scheme: "https", Host: "example.com", Path: fmt.Sprint("/", f.n)}
		return
	case *any:
		*to = map[string]any{"a": float64(f.n), "b": []any{nil, true, "x"}}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n, []string{"", ` "quoted" \ `, "\n\t", " ä€😀"}[f.n%4]))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.n % 100))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(f.n % 100))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.n) / 8)
	default:
		f.fillMany(v, depth)
	}
}

// fillMany fills what is made of other values. Types that hold themselves end
// somewhere.
func (f *filler) fillMany(v reflect.Value, depth int) {
	if depth > 5 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); field.CanSet() || v.Type().Field(i).Anonymous && field.Kind() == reflect.Struct {
				f.inside(field, depth)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, depth+1)
			f.fill(elem, depth+1)
			v.SetMapIndex(key, elem)
		}
	}
}

// inside fills a field. Of an embedded struct that is unexported only the fields can
// be set.
func (f *filler) inside(v reflect.Value, depth int) {
	if v.CanSet() {
		f.fill(v, depth+1)
		return
	}
	for i := range v.NumField() {
		if field := v.Field(i); field.CanSet() {
			f.fill(field, depth+1)
		}
	}
}
