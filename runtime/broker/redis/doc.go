// Package redisbroker carries messages between the nodes of a cluster over Redis or
// Valkey: it is an adapter of package broker. It is a module of its own, so that
// only who uses Redis gets its client, rueidis.
//
//	b := redisbroker.New(redisbroker.Options{
//		Client: rueidis.ClientOption{InitAddress: []string{"redis:6379"}},
//	})
//	server := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: b}})
//
// # What it needs
//
// Redis 6.2 or newer, or Valkey: one server, a master that Sentinels name
// (Options.Client.Sentinel), or a Redis Cluster, which is recognized by itself. From
// version 7 on a Redis Cluster is used with sharded pub/sub, where a message goes to
// one master; before that, and with ShardedOff, to all of them.
//
// A user of an ACL needs the commands HELLO, PING, PUBLISH, SUBSCRIBE and
// UNSUBSCRIBE, on a cluster also SPUBLISH, SSUBSCRIBE, SUNSUBSCRIBE and CLUSTER
// SLOTS, and the channels that begin with the prefix. Where messages are kept it also
// needs the keys that begin with the prefix, SCRIPT LOAD, EVALSHA, and what the
// scripts call:
//
//	ACL SETUSER gateway on >secret resetchannels &ws:* ~ws:* +hello +ping +publish +subscribe +unsubscribe +spublish +ssubscribe +sunsubscribe +cluster|slots
//	ACL SETUSER gateway +script|load +evalsha +get +set +hmget +hset +del +pexpire +pttl +time +xadd +xrange +xtrim
//
// Whoever can publish there can push to everybody who is connected, so nobody else
// shall.
//
// Redis cuts off a subscriber for whom too much waits. This package reads at all
// times, so only a process that stands still is concerned; with
//
//	client-output-buffer-limit pubsub 256mb 64mb 60
//
// it may do so for longer.
//
// # What it does
//
// A Link makes two connections to Redis, one for commands and one to subscribe, and
// on a Redis Cluster with sharded pub/sub two to each master. It reconnects for ever,
// at once and then after 50 ms to 3 s, and subscribes to everything anew; the runtime
// is told by Up and Down. A server that is not there yet, a password that is refused
// or a cluster that lacks a master is Down as well, and only a mistake in Options is
// an error of Open. When slots of a cluster move, their subscriptions follow, and the
// link is down for that moment.
//
// A connection that has heard nothing for 10 s publishes to a channel of its own, and
// is made anew when it does not hear that either: behind a failover it may lead to a
// server that answers, and that nobody publishes to.
//
// A channel is called ws:main:r.p_lobby: the prefix, the cluster's name, and the
// channel; on a Redis Cluster with sharded pub/sub ws:{17}:main:r.p_lobby, with one of
// 128 tags, which spread channels evenly over any number of masters. So
//
//	redis-cli psubscribe 'ws:*'
//
// shows what goes on on one server, and PUBSUB CHANNELS who is listened to.
//
// # What it keeps
//
// Links are Keepers. Kept messages are in the memory of Redis: those of a channel in a
// stream, ws:main:chat.Events:r.p_lobby:s, and where it is in a hash whose name ends
// with :m. A script stores a message and publishes it, in one step. Positions are
// times, so a server that has lost its newest messages, as a replica that was
// promoted, gives none of their positions again. The clocks of a master and its
// replicas must not differ by more than a failover takes.
//
// A stream goes when nothing was kept for as long as its log says, and has as many
// messages as that says, so those of a busy channel may be older. The hash goes a day
// after the last message, or twice as long as messages are kept, and later if
// somebody asks for its channel. Keys of messages are known for two minutes.
//
// Redis must not drop these keys for want of memory. Give it one of its own, or
//
//	maxmemory-policy noeviction
//
// with which it refuses what it has no room for, and that is told. A hash that is
// dropped is told as a history that begins anew. On a Redis Cluster kept messages need
// sharded pub/sub; while the slot of a channel moves with its keys, nothing can be
// kept there. What is not written to a disk is gone when all servers are, and that is
// told, too.
//
// For tests there is package redistest, which starts Redis and clusters of it.
package redisbroker
