/** How each server is told to be long about its answer. */
export const SLEEP = {
  pg: (seconds) => `SELECT pg_sleep(${seconds})`,
  mysql2: (seconds) => `SELECT SLEEP(${seconds})`,
};
