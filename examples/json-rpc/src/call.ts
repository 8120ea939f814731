import { RpcClient } from './client.js';

const [method, ...params] = process.argv.slice(2);
const client = new RpcClient({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 4000) });
try {
  if (method === undefined) throw new Error('usage: node call.js METHOD [PARAMETER as JSON]...');
  const result = await client.call(
    method,
    params.map((text) => JSON.parse(text)),
  );
  console.log(JSON.stringify(result));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await client.close();
}
