/**
 * Names for sockets, which `lifeguard watch` shows to those who look at the process from outside.
 *
 * @module
 */

export { label } from './label.js';
export { LABEL_FILE_LINK, parseLabels } from './label-file.js';
