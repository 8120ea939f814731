import { MongoClient } from 'mongodb';

export function open({ listener: { host, port } }) {
  new MongoClient(`mongodb://${host}:${port}`).connect().catch(() => {});
}
