package kit

// Data is what a message brings to the decoder of a handler that is fuzzed.
type Data struct {
	JSON   []byte   // as it stands in the frame; empty: the frame has no data
	Params []string // the handler's, if data is an object by parameter name
	// Named has data in the form that it has behind guards and interceptors.
	Named bool
}
