// A NestJS gateway on its WsAdapter. Plain JavaScript has no decorators: they
// are called as the compiled TypeScript would call them.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { serve, tick } from './control.js';

class Gateway {
  // NestJS sends what a handler returns in the same form.
  echo(data) {
    return { event: 'echo', data };
  }

  push(size) {
    const message = JSON.stringify({ event: 'tick', data: tick(size) });
    for (const client of this.server.clients) client.send(message);
  }
}
WebSocketServer()(Gateway.prototype, 'server');
MessageBody()(Gateway.prototype, 'echo', 0);
Reflect.defineMetadata('design:paramtypes', [Object], Gateway.prototype, 'echo');
SubscribeMessage('echo')(Gateway.prototype, 'echo', Object.getOwnPropertyDescriptor(Gateway.prototype, 'echo'));
WebSocketGateway({ path: '/ws' })(Gateway);

class App {}
Module({ providers: [Gateway] })(App);

const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
const gateway = app.get(Gateway);
serve(app.getHttpServer().address().port, '@nestjs/core', (_room, size) => gateway.push(size));
