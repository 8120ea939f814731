// Runs one of the programs beside: lets it connect, then has it call its server again and again, as a service does, and
// tells of the first call that fails. One that waits for its answer for a long time is under way meanwhile.
//
// What it tells are lines of JSON on stdout. Arguments: the program's name, and where the servers are, as JSON.
import { setTimeout as delay } from 'node:timers/promises';

const BETWEEN_CALLS_MILLIS = 250;

// A driver may let a process end that has nothing else to do.
process.stdin.resume();
const [name, servers] = process.argv.slice(2);
const { open } = await import(`./programs/${name}.mjs`);
const { call, wait } = (await open(JSON.parse(servers))) ?? {};
const calls = [];
if (call) {
  // Both at once: a pool opens two connections, one for what waits.
  await Promise.all([call(), call()]);
  if (wait) calls.push(tellOfFailure('waiting', wait()));
  calls.push(tellOfFailure('calling', callForEver()));
}
tell({ open: true, calls: calls.length });

async function callForEver() {
  for (;;) {
    await call();
    await delay(BETWEEN_CALLS_MILLIS);
  }
}

function tellOfFailure(kind, promise) {
  return promise.then(
    () => tell({ failed: kind, error: 'none: it was answered' }),
    (error) => tell({ failed: kind, error: describe(error) }),
  );
}

/** What says most in few words: some drivers have a code, some a cause, some no more than a name or a message. */
function describe({ code, cause, original, name, message }) {
  const codes = [code, cause?.code, original?.code, name === 'Error' ? undefined : name, message];
  return codes.find((each) => typeof each === 'string') ?? 'an error without words';
}

function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
