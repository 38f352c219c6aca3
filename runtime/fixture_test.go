package ws_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestGenerated drives what wsgen generates, form by form, on a socket.
func TestGenerated(t *testing.T) {
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})
	push := fixture.NewEventsPush(server)
	endpoint := fixture.NewGatewayEndpoint(server, &fixture.Gateway{Push: push}, &fixture.Door{}, &fixture.Nobody{})
	router := ws.NewRouter(endpoint.Endpoint)
	dial := func(path string) *wstest.Conn { return wstest.Dial(t, router, wstest.Path(path), wstest.OnPort()) }

	wstest.ExpectRefused(t, router, http.StatusUnauthorized, wstest.Path("/fixture/a"))
	p := dial("/fixture/a?name=ann")
	invalid := func(event, message, path, rest string) string {
		return `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"` + message + `","event":"` + event +
			`","details":[{"path":"` + path + `",` + rest + `}]}}`
	}
	const null, missing = "data is missing or null", `"rule":"required"`
	for _, c := range []struct{ event, data, out string }{
		{"none", `{"ignored":[]}`, `null`},
		{"whole", `{"x":1,"y":2}`, `{"x":2,"y":1}`},
		{"whole", `null`, invalid("whole", null, "", missing)},
		{"whole", `{"x":"1"}`, invalid("whole", "data does not decode", "/x", `"rule":"type","message":"string does not fit"`)},
		{"whole", `[]`, invalid("whole", "data does not decode", "", `"rule":"type","message":"array does not fit"`)},
		{"nullable", `null`, `true`},
		{"nullable", `{}`, `false`},
		{"anything", `null`, `null`},
		{"anything", `[1,"a",{}]`, `[1,"a",{}]`},
		{"raw", `{"as":"it is"}`, `{"as":"it is"}`},
		{"scalar", `"bare"`, `"<bare>"`},
		{"scalar", `{"text":"named"}`, `"<named>"`},
		{"scalar", `{}`, invalid("scalar", "missing text", "/text", missing)},
		{"scalar", `null`, invalid("scalar", null, "", missing)},
		{"maybe", `null`, `true`},
		{"maybe", `{}`, `true`},
		{"maybe", `"x"`, `false`},
		{"named", `{"a":1}`, `["ann",1,false]`},
		{"named", `{"a":0,"b":2}`, `["ann",0,true]`},
		{"named", `{"b":2}`, invalid("named", "missing a", "/a", missing)},
		{"named", `null`, invalid("named", null, "", missing)},
		{"count", `0`, `{"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"count","details":[{"path":"","rule":"min","param":"1"}]}}`},
		{"count", `{"n":0}`, `{"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"count","details":[{"path":"/n","rule":"min","param":"1"}]}}`},
		{"beside", `1`, `null`},
		{"guarded", `1`, `{"event":"error","id":1,"data":{"code":"forbidden","message":"nobody may","event":"guarded"}}`},
	} {
		p.SendText(fmt.Sprintf(`{"event":%q,"id":1,"data":%s}`, c.event, c.data))
		if c.out[0] != '{' || len(c.out) < 20 || c.out[:10] != `{"event":"` {
			c.out = `{"event":"` + c.event + `","id":1,"data":` + c.out + `}`
		}
		p.ExpectText(c.out)
	}
	p.SendText(`{"event":"fails","id":2}`)
	p.ExpectText("before", `{"event":"error","id":2,"data":{"code":"conflict","message":"as always","event":"fails"}}`)

	p.SendText(`{"event":"count","id":3,"data":2}`)
	p.ExpectText(`{"event":"count","id":3,"data":0,"more":true}`, `{"event":"count","id":3,"data":1,"more":true}`, `{"event":"count","id":3,"data":null}`)

	other, elsewhere := dial("/fixture/a?name=bob"), dial("/fixture/b?name=cid")
	p.SendText(`{"event":"move","id":3,"data":{"x":1,"y":2}}`)
	p.ExpectText(`{"event":"moved","data":{"x":1,"y":2}}`, `{"event":"move","id":3,"data":2}`)
	other.ExpectText(`{"event":"moved","data":{"x":1,"y":2}}`)
	push.Users("cid").Cleared()
	elsewhere.ExpectText(`{"event":"cleared","data":null}`)
	p.Vanish()
	other.ExpectText(`{"event":"to_all","data":"ann left"}`)
	elsewhere.ExpectText(`{"event":"to_all","data":"ann left"}`)
}
