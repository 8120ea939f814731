// A program that starts PostgreSQL without any namespace, as on machines that allow none, and waits to be killed.
import { once } from 'node:events';

const dist = process.argv[2];
const { plainSite } = await import(`${dist}/loopback.js`);
const { Postgres } = await import(`${dist}/postgres.js`);
const site = await plainSite();
const postgres = await Postgres.start(site, { tls: true });
await postgres.freeze();
await postgres.thaw();
await postgres.restart();
console.log(JSON.stringify({ pid: postgres.process.pid, folder: site.folder, port: postgres.port }));
await once(process.stdin.resume(), 'end');
await postgres.close();
