package redisbroker

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Options say where Redis is, and how it is used.
type Options struct {
	// Client says where Redis is and how to log in: InitAddress, Username,
	// Password, TLSConfig, Dialer, Sentinel and the like, as for
	// rueidis.NewClient. Of several addresses one that answers is used, and those
	// of a Redis Cluster lead to all of its servers.
	//
	// Each Link makes connections of its own from it, so a client of yours that
	// was made from the same is not concerned. What would change the order of
	// messages, or end a connection that works, is not used: pipelines, pools,
	// caches, retries, replicas, ConnLifetime. AlwaysRESP2 is refused, because
	// rueidis then does not notice when a connection that subscribes is lost.
	Client rueidis.ClientOption

	// Prefix begins the name of every channel: 1 to 32 of a-z A-Z 0-9 _ and -.
	// Applications that share a Redis need different ones. Default: "ws".
	Prefix string

	// Sharded says whether the nodes of a Redis Cluster use sharded pub/sub. All
	// nodes must have the same. Default: ShardedAuto.
	Sharded Sharding

	// MaxMessage is how many bytes a message may have: 4096 to 16 MiB. Redis would
	// take more, and cut off who does not read it at once. Default: 1 MiB.
	MaxMessage int

	// Intake bounds what waits for this node's runtime in each Link.
	Intake broker.IntakeOptions
}

// Sharding says whether sharded pub/sub is used: SSUBSCRIBE and SPUBLISH, with
// which a message goes to one master, where PUBLISH goes to all of them.
type Sharding uint8

// Values of Options.Sharded.
const (
	// ShardedAuto uses it on a Redis Cluster of version 7 or later.
	ShardedAuto Sharding = iota
	// ShardedOn uses it, and nothing else: the link is down while Redis is no
	// cluster.
	ShardedOn
	// ShardedOff does without.
	ShardedOff
)

// Errors of Open: mistakes in the Options.
var (
	errRESP2    = errors.New("redisbroker: Options.Client.AlwaysRESP2 is set, and rueidis does not notice then that a subscribing connection was lost: leave it false, and use Redis 6.2 or newer, or Valkey")
	errNoAddr   = errors.New("redisbroker: Options.Client.InitAddress is empty: name a server of Redis, such as \"127.0.0.1:6379\"")
	errReplica  = errors.New("redisbroker: Options.Client.ReplicaOnly is set, and what is published at a replica stays there: leave it false")
	errPrefix   = errors.New("redisbroker: Options.Prefix has a character besides a-z A-Z 0-9 _ -, or more than 32: choose another, or leave it empty for \"ws\"")
	errSharding = errors.New("redisbroker: Options.Sharded is none of ShardedAuto, ShardedOn and ShardedOff")
	errMessage  = errors.New("redisbroker: Options.MaxMessage is not within 4096 and 16 MiB: choose another, or leave it 0 for 1 MiB")
)

// mostMessage is the largest Options.MaxMessage: twice as much would pass the
// bound at which Redis, unless it is told otherwise, cuts a subscriber off.
const mostMessage = 16 << 20

// check fills in defaults, and returns the first mistake.
func (o *Options) check() error {
	if o.Prefix == "" {
		o.Prefix = "ws"
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = 1 << 20
	}
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	switch {
	case o.Client.AlwaysRESP2:
		return errRESP2
	case len(o.Client.InitAddress) == 0:
		return errNoAddr
	case o.Client.ReplicaOnly:
		return errReplica
	case len(o.Prefix) > 32 || strings.Trim(o.Prefix, alphabet) != "":
		return errPrefix
	case o.Sharded > ShardedOff:
		return errSharding
	case o.MaxMessage < broker.MinMessage || o.MaxMessage > mostMessage:
		return errMessage
	}
	return nil
}

// client returns the options of a connection to one server; "" is the master that
// the Sentinels name. dial makes its sockets.
func (o *Options) client(addr string, dial func(context.Context, string) (net.Conn, error)) rueidis.ClientOption {
	c := o.Client
	if addr != "" {
		c.InitAddress, c.ForceSingleClient = []string{addr}, true
	}
	c.DialFn = nil
	c.DialCtxFn = func(ctx context.Context, to string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
		return dial(ctx, to)
	}
	// One connection with one queue keeps the order of what is published, and
	// nothing is sent twice.
	c.PipelineMultiplex, c.BlockingPipeline, c.MaxFlushDelay = -1, -1, 0
	c.DisableAutoPipelining, c.AlwaysPipelining = false, true
	c.DisableRetry = true
	// Nothing is cached, so that Redis keeps no record of what we have read.
	c.DisableCache, c.NewCacheStoreFn, c.OnInvalidations, c.ClientTrackingOptions = true, nil, nil, nil
	c.ConnLifetime = 0
	c.SendToReplicas, c.Standalone = nil, rueidis.StandaloneOption{}
	c.BlockingPoolSize, c.BlockingPoolMinSize, c.BlockingPoolCleanup = 0, 0, 0
	c.ShuffleInit = false
	return c
}

// dial makes a socket, as the Options say.
func (o *Options) dial(ctx context.Context, addr string) (net.Conn, error) {
	d := o.Client.Dialer
	if d.Timeout == 0 {
		d.Timeout = rueidis.DefaultDialTimeout
	}
	if d.KeepAlive == 0 {
		d.KeepAlive = rueidis.DefaultTCPKeepAlive
	}
	switch {
	case o.Client.DialCtxFn != nil:
		return o.Client.DialCtxFn(ctx, addr, &d, o.Client.TLSConfig)
	case o.Client.DialFn != nil:
		return o.Client.DialFn(addr, &d, o.Client.TLSConfig)
	case o.Client.TLSConfig != nil:
		return (&tls.Dialer{NetDialer: &d, Config: o.Client.TLSConfig}).DialContext(ctx, "tcp", addr)
	}
	return d.DialContext(ctx, "tcp", addr)
}

// times are how long a Link waits.
type times struct {
	answer time.Duration // for an answer about the servers there are
	probe  time.Duration // until a connection that has heard nothing is probed, and until a probe is given up
	look   time.Duration // until it is looked whether the servers are still the same
	first  time.Duration // behind the first failure; doubles
	most   time.Duration // behind any failure but that of a probe
	moved  time.Duration // for a partition that has moved, in the middle of a Publish
}

var defaultTimes = times{
	answer: 5 * time.Second,
	probe:  10 * time.Second,
	look:   10 * time.Second,
	first:  50 * time.Millisecond,
	most:   2 * time.Second,
	moved:  2 * time.Second,
}
