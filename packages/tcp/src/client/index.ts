/**
 * What adapters share, most of it for clients that keep their connections, and reconnect, by themselves.
 *
 * @module
 */

export { withoutCredentials } from '../without-credentials.js';
export { withoutUrl } from './hidden-url.js';
export { isPermanentCode } from './is-permanent-code.js';
export { isSilence } from './is-silence.js';
export { ReconnectPace } from './pace.js';
export { resolveClientTcp } from './resolve.js';
export { giveUpOnSilence } from './silence.js';
export { silenceBefore } from './silence-before.js';
