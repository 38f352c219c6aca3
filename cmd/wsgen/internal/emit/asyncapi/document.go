package asyncapi

import (
	"encoding/json"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
)

// The objects of AsyncAPI, as much of them as gateways need, each with its members in
// the order in which they are written. What AsyncAPI has no place for is x-wsgen.

type document struct {
	Mark        string                        `json:"x-wsgen"`
	AsyncAPI    string                        `json:"asyncapi"`
	Info        info                          `json:"info"`
	ContentType string                        `json:"defaultContentType"`
	Channels    jsonschema.Object[*channel]   `json:"channels"`
	Operations  jsonschema.Object[*operation] `json:"operations"`
	Components  components                    `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description,omitempty"`
}

// channel is a gateway.
type channel struct {
	Address     string                       `json:"address"`
	Title       string                       `json:"title"`
	Description string                       `json:"description,omitempty"`
	Messages    jsonschema.Object[reference] `json:"messages"`
	Parameters  jsonschema.Object[parameter] `json:"parameters,omitempty"`
	Bindings    bindings                     `json:"bindings"`
	Ours        channelNotes                 `json:"x-wsgen"`
}

type reference struct {
	Ref string `json:"$ref"`
}

type parameter struct {
	Description string `json:"description"`
}

// bindings are those of WebSockets, of which a channel is a handshake
// (https://github.com/asyncapi/bindings/tree/master/websockets).
type bindings struct {
	WS handshake `json:"ws"`
}

type handshake struct {
	Method  string             `json:"method"`
	Query   *jsonschema.Schema `json:"query,omitempty"`
	Headers *jsonschema.Schema `json:"headers"`
	Version string             `json:"bindingVersion"`
}

type channelNotes struct {
	Go       string   `json:"go"`
	Path     string   `json:"path"`
	Registry string   `json:"registry"`
	Access   string   `json:"access"`
	Guards   []string `json:"guards,omitempty"`
	Contract string   `json:"contract,omitempty"`
	Position string   `json:"position,omitempty"`
}

// operation is an event that a gateway takes, which is a call, or one that it sends:
// a push, or a question.
type operation struct {
	Action      string          `json:"action"`
	Channel     reference       `json:"channel"`
	Title       string          `json:"title"`
	Summary     string          `json:"summary,omitempty"`
	Description string          `json:"description,omitempty"`
	Messages    []reference     `json:"messages"`
	Reply       *reply          `json:"reply,omitempty"`
	Security    []reference     `json:"security,omitempty"`
	Ours        *operationNotes `json:"x-wsgen,omitempty"`
}

// The actions: what the program does that the document is about.
const (
	receives = "receive"
	sends    = "send"
)

type reply struct {
	Channel  reference   `json:"channel"`
	Messages []reference `json:"messages"`
}

// operationNotes tell of a call.
type operationNotes struct {
	Method   string   `json:"method"`
	Mode     string   `json:"mode"`
	Stream   bool     `json:"stream,omitempty"`
	Timeout  string   `json:"timeout,omitempty"`
	Access   string   `json:"access"`
	Guards   []string `json:"guards,omitempty"`
	Errors   []string `json:"errors,omitzero"` // empty and there: no code of its own
	Position string   `json:"position,omitempty"`
}

type components struct {
	Schemas  jsonschema.Members           `json:"schemas"`
	Messages jsonschema.Object[*message]  `json:"messages"`
	Security *jsonschema.Object[security] `json:"securitySchemes,omitempty"`
}

// message is a frame of one event.
type message struct {
	Name        string             `json:"name"`
	Title       string             `json:"title"`
	Summary     string             `json:"summary,omitempty"`
	Description string             `json:"description,omitempty"`
	Correlation *correlation       `json:"correlationId,omitempty"`
	Payload     *jsonschema.Schema `json:"payload"`
	Examples    []example          `json:"examples,omitempty"`
}

// correlation says what an answer and its question have in common.
type correlation struct {
	Location string `json:"location"`
}

type example struct {
	Payload json.RawMessage `json:"payload"`
}

type security struct {
	Type        string `json:"type"`
	Scheme      string `json:"scheme"`
	Description string `json:"description"`
}
