// A service as there are many: Express, orders in PostgreSQL, visits counted in Redis. Nothing here knows of Lifeguard.
import express from 'express';
import { Redis } from 'ioredis';
import pg from 'pg';

const { PORT = '3000', DATABASE_URL, REDIS_URL = 'redis://localhost' } = process.env;

const pool = new pg.Pool({ connectionString: DATABASE_URL, connectionTimeoutMillis: 2000 });
pool.on('error', complain);
// A request rather fails than waits until Redis can be reached again.
const redis = new Redis(REDIS_URL, { connectTimeout: 2000, maxRetriesPerRequest: 0 });
redis.on('error', complain);

const app = express();
app.use(express.json());

app.get('/orders', async (_, response) => {
  const { rows } = await pool.query('SELECT id, item FROM orders ORDER BY id DESC LIMIT 100');
  response.json(rows);
});

app.post('/orders', async ({ body }, response) => {
  const { rows } = await pool.query('INSERT INTO orders (item) VALUES ($1) RETURNING id, item', [body?.item]);
  response.status(201).json(rows[0]);
});

app.get('/visits', async (_, response) => {
  response.json({ visits: await redis.incr('visits') });
});

app.use((error, _request, response, _next) => {
  complain(error);
  response.status(503).json({ error: 'try again later' });
});

await pool.query('CREATE TABLE IF NOT EXISTS orders (id integer GENERATED ALWAYS AS IDENTITY, item text NOT NULL)');
const server = app.listen(Number(PORT), () => console.log(`listening on port ${server.address().port}`));

function complain(error) {
  console.error(error.message);
}
