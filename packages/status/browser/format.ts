const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function timeOfDay(millis: number): string {
  return CLOCK.format(millis);
}

/** Two digits or so: `340 ms`, `1.2 s`, `12 s`, `4 min 10 s`, `3 h 5 min`. */
function duration(millis: number | undefined): string {
  if (millis === undefined) return '–';
  if (millis < 1000) return `${Math.max(0, Math.round(millis))} ms`;
  if (millis < 9950) return `${(millis / 1000).toFixed(1)} s`;
  const seconds = Math.round(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function roundTrip(micros: number | undefined): string {
  return micros === undefined ? '–' : `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 0)} ms`;
}

function amount(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en');
}
