/** Once for all who ask within this time the clock is read. */
const TICK_MILLIS = 100;

let now = 0;
let wasAsked = false;
let timer: NodeJS.Timeout | undefined;

/**
 * `performance.now()`, rounded up to whole ticks of 100 ms: reading a clock costs a command a fiftieth. Never before the time it is,
 * unless the event loop was held up. The timer does not keep the process alive, and ends when nobody asks.
 */
export function roughNow(): number {
  wasAsked = true;
  if (timer === undefined) start();
  return now;
}

function start(): void {
  read();
  timer = setInterval(tick, TICK_MILLIS).unref();
}

function tick(): void {
  if (wasAsked) read();
  else stop();
  wasAsked = false;
}

/** A whole number, which V8 keeps in the place of its bearer. */
function read(): void {
  now = Math.ceil(performance.now()) + TICK_MILLIS;
}

function stop(): void {
  clearInterval(timer);
  timer = undefined;
}
