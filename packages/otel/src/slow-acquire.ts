import { context, diag, SpanStatusCode, trace } from '@opentelemetry/api';
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
    const waitedMillis = performance.now() - start;
    if (waitedMillis < slowMillis) return;
    const span = trace.getTracer('@lifeguard/otel').startSpan(SLOW_ACQUIRE, { startTime, attributes }, caller);
    if (failure) {
      span.recordException(failure.error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    // The machine's clock may have been set meanwhile.
    span.end(startTime + waitedMillis);
  };
  // A tracer that throws would end the process: nobody hears of this promise.
  served
    .then(
      () => end(),
      (error: unknown) => end({ error }),
    )
    .catch((error: unknown) => diag.error('@lifeguard/otel could not record a slow acquire', error));
}
