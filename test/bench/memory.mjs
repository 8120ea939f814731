// What a pool keeps in memory for each idle connection and for each waiter. Each pool in a process of its own.
import { resultOf } from './child-process.mjs';
import { lifeguard, peers } from './contenders.mjs';

const COUNT = { all: 2000, quick: 200 };
const IDLE = 'for an idle connection';
const WAITING = 'for a waiter';

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureMemory({ quick, tell }) {
  const count = quick ? COUNT.quick : COUNT.all;
  const rows = [];
  for (const { name } of [lifeguard, ...peers]) {
    tell(name);
    const { idle, waiting } = await resultOf('memory-child.mjs', [name, String(count)], { flags: ['--expose-gc'] });
    rows.push({ name, cells: { [IDLE]: { value: idle }, [WAITING]: { value: waiting } } });
  }
  const title = `memory, beyond the connection itself (${count.toLocaleString('en')} of each)`;
  return { tables: [{ name: 'memory', title, unit: 'bytes', rows }], targets: [] };
}
