import { createPool } from '@lifeguard/mysql2';
import { Pool } from '@lifeguard/pg';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { SLEEP } from './sleep.mjs';

/** TypeORM, which makes the pool itself: from the module that it is given in place of the driver's. */
export async function open(kind, options, table) {
  const { host, port, user: username, password, database, max, ...extra } = options;
  const account = new EntitySchema({
    name: 'Account',
    tableName: table,
    columns: { id: { type: 'int', primary: true }, balance: { type: 'int' } },
  });
  const source = new DataSource({
    ...(kind === 'pg' ? { type: 'postgres', driver: { ...pg, Pool } } : { type: 'mysql', driver: { createPool } }),
    ...{ host, port, username, password, database, poolSize: max, extra },
    entities: [account],
  });
  await source.initialize();
  return {
    ...operations(source.manager),
    transaction: (work) => source.transaction((manager) => work(operations(manager))),
    close: () => source.destroy(),
  };

  function operations(manager) {
    const accounts = manager.getRepository(account);
    return {
      insert: (id, balance) => accounts.insert({ id, balance }),
      read: async (id) => (await accounts.findOneBy({ id }))?.balance,
      update: (id, balance) => accounts.update({ id }, { balance }),
      remove: (id) => accounts.delete({ id }),
      sleep: (seconds) => manager.query(SLEEP[kind](seconds)),
      run: (statement) => manager.query(statement),
    };
  }
}
