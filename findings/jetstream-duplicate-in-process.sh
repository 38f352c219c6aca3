#!/usr/bin/env bash
# Expected: a message whose Nats-Msg-Id the stream has within its duplicate window is
# acknowledged with the sequence of the first one and "duplicate": true
# (docs.nats.io, JetStream, message deduplication), whoever publishes it.
#
# What happens: on a stream with replicas the second of two that come at once may be
# answered by an error, 10158, "duplicate message id is in process", which has no
# sequence. The first is stored a moment later, and the second is acknowledged as a
# duplicate when it is published once more. A stream with one replica has no such
# answer.
#
# So a publisher whose messages another process may publish as well must take this
# error for "ask again", and not for a message that is not stored.
#
# Seen with nats-server 2.15.3 and nats.go 1.55.0, three servers in one process on
# loopback, linux/amd64. Needs the go command.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS=
go version
go mod init example.com/x >/dev/null 2>&1
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	servers := cluster(3)
	conns := [2]jetstream.JetStream{open(servers[0]), open(servers[1])}
	fmt.Println("nats-server", server.VERSION, "and nats.go", nats.Version)
	one := race(conns, "ONE", 1, 200)
	three := race(conns, "THREE", 3, 5000)
	if one != 0 || three == 0 {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

// cluster starts n servers that know each other.
func cluster(n int) (all []*server.Server) {
	var routes []*url.URL
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		check(l.Close())
	}
	for i, route := range routes {
		port, err := strconv.Atoi(route.Port())
		check(err)
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("s", i), Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
			JetStream: true, StoreDir: filepath.Join("store", fmt.Sprint(i)), Routes: routes,
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: port},
		})
		check(err)
		go s.Start()
		all = append(all, s)
	}
	for _, s := range all {
		if !s.ReadyForConnections(20 * time.Second) {
			check(errors.New("a server does not start"))
		}
	}
	return all
}

func open(s *server.Server) jetstream.JetStream {
	nc, err := nats.Connect(s.ClientURL())
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	return js
}

// race publishes each message over two connections at once, until one is refused, and
// returns how many were.
func race(conns [2]jetstream.JetStream, name string, replicas, rounds int) (refused int) {
	subject := "at." + name
	for limit := time.Now().Add(25 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_, err := conns[0].CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{subject}, Replicas: replicas})
		cancel()
		if err == nil {
			break
		}
		if time.Now().After(limit) {
			check(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n := 0
	for ; n < rounds && refused == 0; n++ {
		message := func() *nats.Msg {
			return &nats.Msg{Subject: subject, Data: []byte("x"), Header: nats.Header{"Nats-Msg-Id": {fmt.Sprint(n)}}}
		}
		var both sync.WaitGroup
		var errs [2]error
		for i, js := range conns {
			both.Go(func() { _, errs[i] = js.PublishMsg(ctx, message()) })
		}
		both.Wait()
		for i, err := range errs {
			var api *jetstream.APIError
			if errors.As(err, &api) && api.ErrorCode == 10158 {
				refused++
				fmt.Printf("replicas %d: message %d is refused: %s\n", replicas, n, api.Description)
				ack, err := conns[i].PublishMsg(ctx, message())
				check(err)
				fmt.Printf("replicas %d: the same once more: sequence %d, duplicate %t\n", replicas, ack.Sequence, ack.Duplicate)
				continue
			}
			check(err)
		}
	}
	fmt.Printf("replicas %d: %d messages, each twice at once, and %d refused\n", replicas, n, refused)
	return refused
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}
GO
go get github.com/nats-io/nats-server/v2@v2.15.3 github.com/nats-io/nats.go@v1.55.0 >/dev/null 2>&1
go build -o x .
timeout 100 ./x
