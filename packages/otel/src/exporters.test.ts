import { readFile } from 'node:fs/promises';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { getMetricsFromIterator, type PromData, type PromHistogramData, type PromMetrics } from 'prom2javascript';
import { expect, test } from 'vitest';
import { serve } from './exporters.fixture.js';
import { observePool } from './observe.js';
import { poolOfThings } from './pools.fixture.js';
import { parseQuery } from './promql.fixture.js';

/** Name, unit and kind, by the conventions; and ours. */
const METRICS = [
  ['db.client.connection.count', '{connection}', 'level'],
  ['db.client.connection.idle.max', '{connection}', 'level'],
  ['db.client.connection.idle.min', '{connection}', 'level'],
  ['db.client.connection.max', '{connection}', 'level'],
  ['db.client.connection.pending_requests', '{request}', 'level'],
  ['db.client.connection.timeouts', '{timeout}', 'total'],
  ['db.client.connection.create_time', 's', 'histogram'],
  ['db.client.connection.wait_time', 's', 'histogram'],
  ['db.client.connection.use_time', 's', 'histogram'],
  ['lifeguard.connection.acquires', '{acquire}', 'total'],
  ['lifeguard.connection.create_failures', '{failure}', 'total'],
  ['lifeguard.connection.evictions', '{connection}', 'total'],
  ['lifeguard.connection.suspects', '{connection}', 'total'],
  ['lifeguard.connection.recoveries', '{connection}', 'total'],
  ['lifeguard.connection.detection_time', 's', 'histogram'],
] as const;

/** Two pools of which each metric has something to tell. */
async function runPools(reader: IMetricReader) {
  const meterProvider = new MeterProvider({ readers: [reader] });
  const pools = ['orders', 'users'].map((name) => poolOfThings({ name, max: 2 }));
  for (const pool of pools) {
    observePool(pool, { meterProvider });
    const [one, other] = await Promise.all([pool.acquire(), pool.acquire()]);
    await expect(pool.acquire({ timeoutMillis: 5 })).rejects.toThrow();
    pool.emit('suspect', one);
    pool.emit('recover', one);
    pool.emit('suspect', other);
    await pool.release(other, Object.assign(new Error('silence'), { code: 'ETIMEDOUT' }));
    await pool.release(one);
  }
  const first = pools[0];
  await first?.acquire();
  return { meterProvider };
}

async function scrape(): Promise<PromMetrics> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const { meterProvider } = await runPools(exporter);
  await using server = await serve((request, response) => exporter.getMetricsRequestHandler(request, response));
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  const text = await response.text();
  await meterProvider.shutdown();
  return getMetricsFromIterator(text.split('\n').values());
}

/** `undefined` if there is no such data point. */
function sampleOf(metrics: PromMetrics, name: string, labels: Readonly<Record<string, string>>) {
  const samples: readonly (PromData | PromHistogramData)[] = (metrics[name]?.data ?? []) as PromData[];
  const sample = samples.find((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value));
  return sample && ('count' in sample ? sample.count : sample.value);
}

test('Prometheus scrapes every metric, of each pool', async () => {
  const metrics = await scrape();
  const types = { level: 'gauge', total: 'counter', histogram: 'histogram' };
  for (const [name, , kind] of METRICS) {
    const scraped = name.replaceAll('.', '_') + (kind === 'total' ? '_total' : '');
    expect(metrics[scraped]?.type, name).toBe(types[kind]);
    for (const pool of ['orders', 'users']) {
      expect(sampleOf(metrics, scraped, { db_client_connection_pool_name: pool }), name).toEqual(expect.any(Number));
    }
  }
  const orders = { db_client_connection_pool_name: 'orders' };
  const used = { ...orders, db_client_connection_state: 'used' };
  expect(sampleOf(metrics, 'db_client_connection_count', used)).toBe(1);
  expect(sampleOf(metrics, 'db_client_connection_timeouts_total', orders)).toBe(1);
  expect(sampleOf(metrics, 'db_client_connection_wait_time', orders)).toBe(3);
  expect(sampleOf(metrics, 'db_client_connection_use_time', orders)).toBe(2);
  const evicted = { ...orders, lifeguard_eviction_reason: 'timed-out' };
  expect(sampleOf(metrics, 'lifeguard_connection_evictions_total', evicted)).toBe(1);
});

interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly OtlpPoint[] };
  readonly histogram?: { readonly dataPoints: readonly OtlpPoint[] };
}

interface OtlpPoint {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly count?: number;
}

interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly scope: { readonly name: string }; readonly metrics: OtlpMetric[] }[];
  }[];
}

test('a collector receives every metric, of each pool, by OTLP', async () => {
  const requests: { readonly path: string | undefined; readonly body: OtlpRequest }[] = [];
  await using collector = await serve(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as OtlpRequest;
    requests.push({ path: request.url, body });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const exporter = new OTLPMetricExporter({ url: `${collector.url}/v1/metrics` });
  const { meterProvider } = await runPools(new PeriodicExportingMetricReader({ exporter }));
  await meterProvider.forceFlush();
  await meterProvider.shutdown();
  expect(requests[0]?.path).toBe('/v1/metrics');
  const [scope] = requests[0]?.body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics) ?? [];
  expect(scope?.scope.name).toBe('@lifeguard/otel');
  const received = scope?.metrics.map(({ name, unit, sum, histogram }) => {
    const points = sum?.dataPoints ?? histogram?.dataPoints ?? [];
    const pools = points.map(({ attributes }) => textOf(attributes, 'db.client.connection.pool.name'));
    expect([...new Set(pools)], name).toEqual(['orders', 'users']);
    return [name, unit, histogram ? 'histogram' : sum?.isMonotonic ? 'total' : 'level'];
  });
  expect(received?.sort()).toEqual(METRICS.map((each) => [...each]).sort());
  const waits = scope?.metrics.find(({ name }) => name === 'db.client.connection.wait_time')?.histogram?.dataPoints;
  expect(waits?.map(({ count }) => count)).toEqual([3, 2]);
});

function textOf(attributes: OtlpPoint['attributes'], wanted: string): string | undefined {
  return attributes.find(({ key }) => key === wanted)?.value.stringValue;
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

test('every query of the Grafana dashboard names metrics and labels that are scraped', async () => {
  const file = new URL('../grafana/lifeguard.json', import.meta.url);
  const dashboard = JSON.parse(await readFile(file, 'utf8')) as Dashboard;
  const labelsOf = seriesOf(await scrape());
  const targets = dashboard.panels.flatMap((panel) => panel.targets);
  expect(targets.length).toBeGreaterThan(10);
  const asked = new Set<string>();
  for (const { expr, legendFormat } of targets) {
    const { selectors, grouping } = parseQuery(expr);
    expect(selectors, expr).not.toEqual([]);
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    expect(grouping, expr).toEqual(expect.arrayContaining(shown));
    for (const { name, labels } of selectors) {
      const matching = [...labelsOf.keys()].filter((each) => name.test(each));
      expect(matching, expr).toHaveLength(1);
      expect(labelsOf.get(matching[0] ?? ''), expr).toEqual(expect.arrayContaining([...labels, ...grouping]));
      asked.add(matching[0] ?? '');
    }
  }
  const [, metric = '', label] = /^label_values\((\w+), (\w+)\)$/.exec(variable(dashboard, 'pool')) ?? [];
  expect(labelsOf.get(metric)).toContain(label);
  // Nothing is told that the dashboard leaves out, but what is allowed: it shows the maximum.
  const bases = new Set(Array.from(labelsOf.keys(), (name) => name.replace(/_(bucket|count|sum)$/, '')));
  const told = [...bases].filter((name) => /^(db_client_connection|lifeguard)_/.test(name));
  const shown = [...asked].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
  const leftOut = told.filter((name) => !shown.includes(name));
  expect(leftOut.sort()).toEqual(['db_client_connection_idle_max', 'db_client_connection_idle_min']);
});

function variable({ templating }: Dashboard, wanted: string): string {
  return templating.list.find(({ name }) => name === wanted)?.definition ?? '';
}

/** The names of time series, as Prometheus stores them, and the labels of each. */
function seriesOf(metrics: PromMetrics): Map<string, string[]> {
  const series = new Map<string, string[]>();
  for (const [name, { type, data }] of Object.entries(metrics)) {
    const labels = [...new Set(data.flatMap((sample) => Object.keys(sample.labels)))];
    if (type !== 'histogram') series.set(name, labels);
    else
      for (const part of ['bucket', 'count', 'sum'])
        series.set(`${name}_${part}`, part === 'bucket' ? [...labels, 'le'] : labels);
  }
  return series;
}
