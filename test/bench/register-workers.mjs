// Starts a pool of worker threads, and tells how long that took, in milliseconds.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { endWithParent } from './child-process.mjs';

const WORKERS = 8;
const CODE = "import { parentPort } from 'node:worker_threads'; parentPort.postMessage('here');";
const PROGRAM = new URL(`data:text/javascript,${encodeURIComponent(CODE)}`);

endWithParent();
const begun = performance.now();
const workers = Array.from({ length: WORKERS }, () => new Worker(PROGRAM));
await Promise.all(workers.map((worker) => once(worker, 'message')));
const took = performance.now() - begun;
process.stdout.write(JSON.stringify(took), () => process.exit());
