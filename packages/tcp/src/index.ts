export { type Capabilities, type Capability, capabilities } from './capabilities.js';
export { type Capture, type CaptureOptions, captureSockets, openCapture } from './capture.js';
export { type ClientConnectListener, type ConnectAttemptListener, onClientConnect } from './client-connect.js';
export { type ClientSocketListener, onClientSocket } from './client-socket.js';
export { ENABLED_SETTINGS, isEnabled } from './enabled.js';
export { ConfigError, type ConfigProblem, LifeguardError } from './errors.js';
export { fdOf } from './fd.js';
export { type Hardening, type HardeningState, harden, type Refusal } from './harden.js';
export { inspect, type SocketReport } from './inspect.js';
export { limitConnect } from './limit-connect.js';
export {
  resolveTcpOptions,
  TCP_SETTINGS,
  type TcpOptions,
  type TcpOptionsSource,
  tcpOptionWarnings,
} from './options.js';
export { type ProbeOptions, probe } from './probe.js';
export { type ReinforceOptions, reinforce } from './reinforce.js';
export { silentFor } from './silent-for.js';
export type { TcpInfo, TcpState } from './tcp-info.js';
export { type Verdict, verdict } from './verdict.js';
