// A program that makes a lab with servers on it, says so, and waits to be killed. Its argument is the package to use.
import { once } from 'node:events';

const { Lab, startPostgres } = await import(process.argv[2]);
const lab = await Lab.create();
const [db, app] = await Promise.all([lab.host('db'), lab.host('app')]);
await Promise.all([startPostgres(db), startPostgres('loopback')]);
await lab.cable('app', 'db').cut();
const deaf = await app.spawn('sh', ['-c', "trap '' TERM INT HUP PIPE; while :; do sleep 1000; done"], {
  stdio: 'ignore',
});
// Ends its connection with everything: its terminal, its parent, its streams.
const daemon = await app.spawn('setsid', ['sh', '-c', 'sleep 1000 > /dev/null 2>&1 < /dev/null &'], {
  stdio: 'ignore',
});
await daemon.exited;
const frozen = await db.spawn('sleep', ['1000'], { stdio: 'ignore' });
await frozen.freeze();
try {
  app.enter();
} catch {
  // Without root it stays outside.
}
console.log(`ready ${deaf.pid} ${frozen.pid}`);
await once(process, 'never');
