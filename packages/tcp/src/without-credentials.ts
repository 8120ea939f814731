/**
 * A text as it may be shown: `postgres://me:secret@db/x` → `postgres://***@db/x`, and `?password=secret` → `?password=***`. In doubt it
 * hides too much, for a password in an address that can't be parsed may have any character in it.
 */
export function withoutCredentials(text: string): string {
  // Word by word, and each looked through once: a text may be long.
  return text.replace(/\S+/g, withoutUserinfo).replace(/([?&][a-z_]*(?:password|passwd|pwd)=)[^&\s]*/gi, '$1***');
}

function withoutUserinfo(word: string): string {
  const [start, end] = [word.indexOf('://'), word.lastIndexOf('@')];
  return start >= 0 && end > start ? `${word.slice(0, start)}://***${word.slice(end)}` : word;
}
