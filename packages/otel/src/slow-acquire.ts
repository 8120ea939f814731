import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import type { PoolAttributes } from './instruments.js';

const SLOW_ACQUIRE = 'lifeguard.acquire';

/**
 * Records a wait as a span if it becomes a slow one: of the caller's own trace, and with its error if it was in vain. To be
 * called in the caller's async context.
 */
export function watchAcquire(served: Promise<unknown>, slowMillis: number, attributes: PoolAttributes): void {
  const caller = context.active();
  const startTime = Date.now();
  const start = performance.now();
  const end = (failure?: { readonly error: unknown }) => {
    if (performance.now() - start < slowMillis) return;
    const span = trace.getTracer('@lifeguard/otel').startSpan(SLOW_ACQUIRE, { startTime, attributes }, caller);
    if (failure) {
      span.recordException(failure.error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };
  served.then(
    () => end(),
    (error: unknown) => end({ error }),
  );
}
