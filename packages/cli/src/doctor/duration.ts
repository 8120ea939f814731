const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A duration for people: `400 ms`, `10.4 s`, `15 min 24 s`, `2 h 11 min`. What is left over is dropped, not rounded up. */
export function inWords(millis: number): string {
  if (millis < SECOND) return `${Math.round(millis)} ms`;
  if (millis < MINUTE) return `${Math.floor(millis / 100) / 10} s`;
  if (millis < HOUR) return twoUnits(millis, MINUTE, 'min', SECOND, 's');
  return twoUnits(millis, HOUR, 'h', MINUTE, 'min');
}

function twoUnits(millis: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((millis % large) / small);
  const first = `${Math.floor(millis / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}
