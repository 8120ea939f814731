import cassandra from 'cassandra-driver';

export function open({ listener: { host, port } }) {
  const client = new cassandra.Client({ contactPoints: [`${host}:${port}`], localDataCenter: 'lab' });
  client.connect().catch(() => {});
}
