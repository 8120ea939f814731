import http from 'node:http';
import https from 'node:https';
import type { Dispatcher, Agent as UndiciAgent, RequestInit as UndiciRequestInit } from 'undici';
import { expect, expectTypeOf, test } from 'vitest';
import {
  Agent,
  type AgentOptions,
  createDispatcher,
  type DispatcherOptions,
  HttpsAgent,
  type HttpsAgentOptions,
} from './index.js';

test('typed code of the agents compiles unchanged', () => {
  expectTypeOf<Agent>().toExtend<http.Agent>();
  expectTypeOf<HttpsAgent>().toExtend<https.Agent>();
  expectTypeOf<http.AgentOptions>().toExtend<AgentOptions>();
  expectTypeOf<https.AgentOptions>().toExtend<HttpsAgentOptions>();
  const options: http.RequestOptions = { agent: new Agent() };
  const secure: https.RequestOptions = { agent: new HttpsAgent({ maxCachedSessions: 5 }) };
  expect([options.agent instanceof http.Agent, secure.agent instanceof https.Agent]).toEqual([true, true]);
});

test('typed code of undici compiles unchanged', () => {
  // So it can be given to whatever takes one of undici's own, by the types of the version that is installed.
  expectTypeOf(createDispatcher).returns.toEqualTypeOf<UndiciAgent>();
  expectTypeOf(createDispatcher).returns.toExtend<Dispatcher>();
  expectTypeOf(createDispatcher).returns.toExtend<UndiciRequestInit['dispatcher']>();
  expectTypeOf<Omit<UndiciAgent.Options, 'factory'>>().toExtend<DispatcherOptions>();
  // @ts-expect-error the clients are made by Lifeguard
  expectTypeOf<UndiciAgent.Options>().toExtend<DispatcherOptions>();
});
