// A program on the host `app` that holds a pool of `@lifeguard/pg` and is observed, with as many transactions open as
// there are connections but one. For each message it answers with what would be exported now: name to data points.
import { observeAllPools } from '@lifeguard/otel';
import { Pool } from '@lifeguard/pg';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const reader = new Reader();
observeAllPools({ meterProvider: new MeterProvider({ readers: [reader] }) });

const [options = '{}'] = process.argv.slice(2);
const pool = new Pool(JSON.parse(options));
pool.on('error', () => {});
const clients = await Promise.all(Array.from({ length: pool.options.max ?? 0 }, () => pool.connect()));
await Promise.all(clients.map((client) => client.query('SELECT 1')));
clients.pop()?.release();
for (const client of clients) {
  client.on('error', (error) => client.release(error));
}

process.on('message', async () => process.send?.(await collect()));
process.send?.(await collect());

async function collect() {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return Object.fromEntries(metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
}
