import { PrismaPg } from '@prisma/adapter-pg';

/** What Prisma Client calls; its queries come from there, and its sockets from here. */
export async function open({ postgres }) {
  const adapter = await new PrismaPg({ connectionString: postgres.url }).connect();
  const query = (sql) => adapter.queryRaw({ sql, args: [], argTypes: [] });
  return { call: () => query('SELECT 1'), wait: () => query('SELECT pg_sleep(300)::text') };
}
