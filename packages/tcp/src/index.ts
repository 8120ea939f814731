export { ConfigError, type ConfigProblem, LifeguardError } from './errors.js';
export {
  resolveTcpOptions,
  TCP_SETTINGS,
  type TcpOptions,
  type TcpOptionsSource,
  tcpOptionWarnings,
} from './options.js';
