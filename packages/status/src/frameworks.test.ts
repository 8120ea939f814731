import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { serve } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';
import { eventsFrom, makePage, makePeer, makePool, next, serveHttp } from './rig.fixture.js';
import type { StatusPage } from './status-page.js';

/** Mount a page at `/status`, as the README shows it. @returns the server's URL */
const FRAMEWORKS: Readonly<Record<string, (page: StatusPage) => Promise<string>>> = {
  'node:http': (page) =>
    serveHttp((request, response) => {
      if (request.url?.startsWith('/status')) page(request, response);
      else response.writeHead(404).end();
    }),

  Express: (page) => serveHttp(express().use('/status', page)),

  Fastify: async (page) => {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.all('/status', (request, reply) => {
      reply.hijack();
      page(request.raw, reply.raw);
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  },

  Hono: async (page) => {
    const app = new Hono();
    app.all('/status', (context) => page.fetch(context.req.raw));
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server;
    onTestFinished(() => void server.close());
    if (!server.listening) await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

test.each(Object.keys(FRAMEWORKS))('%s serves it in every form, live', async (name) => {
  const page = makePage();
  const url = `${await FRAMEWORKS[name]?.(page)}/status`;
  const { connect } = await makePeer();
  const pool = makePool(connect, { name: 'orders', min: 1 });
  await pool.ready();

  const html = await fetch(url);
  expect(html.status).toBe(200);
  expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await html.text()).toMatch(/^<!doctype html>/);

  const json = await fetch(url, { headers: { accept: 'application/json' } });
  expect(await json.json()).toMatchObject({ pools: [{ name: 'orders', now: { idle: 1 } }] });

  const live = await fetch(`${url}?format=events`);
  const events = eventsFrom(live.body);
  expect(await next(events, 'report')).toMatchObject({ pools: [{ name: 'orders' }] });
  await pool.clear();
  expect(await next(events, 'event')).toMatchObject({ kind: 'evict', reason: 'cleared' });
  page.close();
  while (!(await events.next()).done);

  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});
