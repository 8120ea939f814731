export { Agent, type AgentOptions } from './agent.js';
export { createDispatcher, type DispatcherOptions } from './dispatcher.js';
export { HttpsAgent, type HttpsAgentOptions } from './https-agent.js';
export type { LifeguardOptions } from './options.js';
