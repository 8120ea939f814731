import { answer } from './answer.js';
import type { Site } from './site.js';

/** A reader who has left so many events unread is let go; a browser comes back and is told everything anew. */
const MOST_UNREAD_EVENTS = 100;

export function respond(site: Site, request: Request): Response {
  const { method, url } = request;
  const { status, headers, body } = answer({ method, url, accept: request.headers.get('accept') ?? undefined }, site);
  if (body === 'events') return new Response(eventsOf(site), { status, headers });
  return new Response(method === 'HEAD' ? null : body, { status, headers });
}

function eventsOf(site: Site): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let leave = () => {};
  return new ReadableStream({
    start: (controller) => {
      leave = site.follow({
        send: (text) => {
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) > -MOST_UNREAD_EVENTS) return;
          leave();
          controller.close();
        },
        end: () => controller.close(),
      });
    },
    cancel: () => leave(),
  });
}
