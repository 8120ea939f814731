import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './answer.js';
import type { Site } from './site.js';

/** A reader who has left so many bytes unread is let go; a browser comes back and is told everything anew. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

export function serve(site: Site, request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = request;
  const { status, headers: answerHeaders, body } = answer({ method, url, accept: headers.accept }, site);
  response.writeHead(status, answerHeaders);
  if (body !== 'events') response.end(method === 'HEAD' ? undefined : body);
  else follow(site, response);
}

function follow(site: Site, response: ServerResponse): void {
  // Its 'close' is over: nothing would take the listener away again.
  if (response.destroyed) return;
  const leave = site.follow({
    send: (text) => {
      if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
      else response.write(text);
    },
    end: () => response.end(),
  });
  response.once('close', leave);
}
