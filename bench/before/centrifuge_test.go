package before_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gorilla/websocket"
)

// Bid is what somebody would pay for a lot.
type Bid struct {
	Lot   string `json:"lot"`
	Cents int    `json:"cents"`
}

func auction(node *centrifuge.Node) {
	node.OnConnecting(func(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		if e.Token != "sesame" {
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		}
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "ada"}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(e centrifuge.SubscribeEvent, cb centrifuge.SubscribeCallback) {
			cb(centrifuge.SubscribeReply{}, nil)
		})
		client.OnRPC(func(e centrifuge.RPCEvent, cb centrifuge.RPCCallback) {
			if e.Method != "bid" {
				cb(centrifuge.RPCReply{}, centrifuge.ErrorMethodNotFound)
				return
			}
			var bid Bid
			if err := json.Unmarshal(e.Data, &bid); err != nil {
				cb(centrifuge.RPCReply{}, centrifuge.ErrorBadRequest)
				return
			}
			data, _ := json.Marshal(bid)
			_, err := node.Publish("lot:"+bid.Lot, data)
			cb(centrifuge.RPCReply{Data: []byte("true")}, err)
		})
	})
}

// TestCentrifuge runs the page's handlers, and speaks Centrifuge's protocol to them.
func TestCentrifuge(t *testing.T) {
	shows(t, "from-centrifuge", "centrifuge_test.go")
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	auction(node)
	if err := node.Run(); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := node.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		site.Close()
	})

	stranger := talk{t, dial(t, site)}
	stranger.says(`{"id":1,"connect":{"token":"open"}}`)
	if _, _, err := stranger.conn.ReadMessage(); !websocket.IsCloseError(err, 3500) {
		t.Errorf("a token that nobody knows: %v", err)
	}
	ada := talk{t, dial(t, site)}
	ada.says(`{"id":1,"connect":{"token":"sesame"}}`)
	ada.hears(`"id":1,"connect":`)
	ada.says(`{"id":2,"subscribe":{"channel":"lot:vase"}}`)
	ada.hears(`"id":2,"subscribe":`)
	ada.says(`{"id":3,"rpc":{"method":"bid","data":{"lot":"vase","cents":500}}}`)
	ada.hears(`"channel":"lot:vase","pub":{"data":{"lot":"vase","cents":500}`, `"id":3,"rpc":{"data":true}`)
	ada.says(`{"id":4,"rpc":{"method":"sell","data":{}}}`)
	ada.hears(`"id":4,"error":{"code":104`)
	ada.says(`{"id":5,"rpc":{"method":"bid","data":[]}}`)
	ada.hears(`"id":5,"error":{"code":107`)
}

// talk speaks Centrifuge's protocol in JSON, of which a frame may have several lines.
type talk struct {
	t    *testing.T
	conn *websocket.Conn
}

func (x talk) says(text string) {
	x.t.Helper()
	if err := x.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		x.t.Fatal(err)
	}
}

// hears waits until all of this has come, in any order.
func (x talk) hears(all ...string) {
	x.t.Helper()
	var heard bytes.Buffer
	for end := time.Now().Add(patience); ; {
		left := 0
		for _, want := range all {
			if !strings.Contains(heard.String(), want) {
				left++
			}
		}
		if left == 0 {
			return
		}
		_, text, err := x.conn.ReadMessage()
		if err != nil || time.Now().After(end) {
			x.t.Fatalf("it hears %s, %v, and not %q", &heard, err, all)
		}
		heard.Write(append(text, '\n'))
	}
}
