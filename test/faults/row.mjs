// What the services of the matrix do for one row of it: see `service.ts` for the other side. A service is a process of its own, so
// that it has a network of its own, and so that it shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import {
  allAcknowledged,
  config,
  hardenedOptions,
  hardenedSockets,
  hear,
  monotonicMillis,
  socketsLeft,
  starvedMillis,
  tell,
  timed,
  untilOpen,
} from './service.mjs';

/**
 * Tells what became of those in each cell, and when they were served again; then closes everything.
 *
 * @param cells each of one state over one transport: `{ transport, state, suffer, askPatiently or askAgain, close }`, and if need
 * be `{ open, prepare, by, held, lentAgain, tookMillis }`. `open` makes its connections, `prepare` brings them to the state in
 * which the fault is to meet them, `suffer` resolves with what the callers are told, `askPatiently` with what somebody is told
 * who asks before the healing, `askAgain` who asks after it.
 * @param stock a client of the plain driver: `{ isStuck, close }`
 * @param ports of the servers
 */
export async function enact({ cells, stock, ports }) {
  await Promise.all(cells.map((cell) => cell.open?.(cell)));
  await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
  await allAcknowledged();
  await untilOpen(config.sockets);
  const beforeFault = hardenedSockets();
  await tell({ options: hardenedOptions() });

  await hear('fault');
  const heardAt = monotonicMillis();
  const outcomes = await Promise.all(cells.map(suffer));
  const patient = cells.map((cell) => cell.askPatiently?.(cell));
  await tell({ heardAt, outcomes, stockIsStuck: await stock.isStuck() });

  await hear('heal');
  const healed = { at: performance.now(), starvedMillis: starvedMillis() };
  const recoveries = await Promise.all(cells.map((cell, index) => recover(cell, patient[index], healed)));
  const oldSockets = beforeFault.filter(({ destroyed }) => !destroyed).length;
  await stock.close();
  await Promise.all(cells.map((cell) => cell.close(cell)));
  await tell({ recoveries, oldSockets, socketsLeft: await socketsLeft(ports) });
  process.disconnect();
}

async function suffer(cell) {
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  const { transport, state, by } = cell;
  return { transport, state, told, tookMillis: cell.tookMillis ?? tookMillis, by, held: cell.held?.() };
}

async function recover(cell, patient, healed) {
  const answer = await (patient ?? cell.askAgain());
  const tookMillis = performance.now() - healed.at;
  const starved = starvedMillis() - healed.starvedMillis;
  return { answer, tookMillis, starvedMillis: starved, lentAgain: await cell.lentAgain?.() };
}
