// Package wsclient speaks to gateways from Go. It is the part that generated clients
// have in common: wsgen writes a package with a type for each gateway, whose methods
// call what is here.
//
//	chat, err := liveclient.DialChat(ctx, "https://example.com", wsclient.Options{})
//	if err != nil {
//		return err
//	}
//	defer chat.Close()
//	off := chat.OnMessage(func(m liveclient.ChatMessage) { fmt.Println(m.Text) })
//	defer off()
//	stored, err := chat.Message(ctx, liveclient.SendMessage{Text: "hello"})
//
// A client speaks wsgen.v1.json (docs/reference/protocol.md, "Sessions"). It comes
// back by itself when its socket is lost, and goes on with its session if the server
// has kept that: then nothing is missing, and nothing comes twice. If the server has
// not, calls that were sent fail with CodeDisconnected, and OnOpen says that what
// pushes had told must be loaded anew. Calls wait for a connection, as long as their
// context, or Options.Timeout, lets them. A Close or a handshake that would be refused
// again ends the client for good; Client.Done and Client.Err say so.
//
// All methods and functions are safe for concurrent use. Callbacks (On, and those of
// Options but Token and Dial) run one after the other on a goroutine of the client's,
// in the order of what they tell, and hold up nothing else. They may call, and must not
// call Close.
package wsclient
