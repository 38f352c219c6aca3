package ws_test

import (
	"errors"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

type order struct {
	Item string `json:"item"`
	N    int    `json:"n"`
}

// orders is a Validator.
type orders struct{}

func (orders) Validate(v any) error {
	o, ok := v.(order)
	switch {
	case !ok:
		panic("no order")
	case o.N < 0:
		return ws.FieldErrors{{Path: "/n", Rule: "min", Param: "0", Message: "must not be negative"}}
	case o.N > 9:
		return ws.NewError(ws.CodeConflict, "sold out")
	case o.Item == "":
		return errors.New("no such item: " + o.Item + "secret")
	}
	return nil
}

// TestValidator: parts of a Validator's error travel, and others are in the log
// only.
func TestValidator(t *testing.T) {
	call := func(c *ws.Call) error {
		var in order
		if err := c.Decode(&in); err != nil {
			return err
		}
		if err := ws.Check(c, in); err != nil {
			return err
		}
		return c.Reply(&in.N)
	}
	none := gateway{path: "/none", on: map[string]handler{"order": serial(call)}, configure: func(o *ws.Options) { o.Validator = nil }}
	s := serve(t, ws.Options{Validator: orders{}}, none, gateway{on: map[string]handler{"order": serial(call)}})
	p := s.dial(t, "/ws")
	const head = `{"event":"error","id":1,"data":{"code":`
	for data, want := range map[string]string{
		`{"item":"tea","n":1}`:  `{"event":"order","id":1,"data":1}`,
		`{"item":"tea","n":-7}`: head + `"validation_failed","message":"data is not valid","event":"order","details":[{"path":"/n","rule":"min","param":"0","message":"must not be negative"}]}}`,
		`{"item":"tea","n":10}`: head + `"conflict","message":"sold out","event":"order"}}`,
		`{"n":1}`:               head + `"validation_failed","message":"data is not valid","event":"order"}}`,
	} {
		p.send(`{"event":"order","id":1,"data":%s}`, data)
		p.want(want)
	}
	if log := s.logs.String(); !strings.Contains(log, "secret") || !strings.Contains(log, "/n min 0") {
		t.Error("the log does not have the errors in full", log)
	}
	q := s.dial(t, "/none")
	q.send(`{"event":"order","id":1,"data":{"n":-1}}`)
	q.want(`{"event":"order","id":1,"data":-1}`)
}
